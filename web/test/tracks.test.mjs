// Tracks in Node: `describe` gives the record of the command, field for field and number for number.

import assert from 'node:assert/strict';
import { openAsBlob, readFileSync } from 'node:fs';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';

import { EarprintError, open } from 'earprint';

import { compareRecords } from './compare.mjs';

const folder = new URL('../dist/tracks/', import.meta.url);
const records = JSON.parse(readFileSync(new URL('../dist/tracks.json', import.meta.url)).toString());
const path = (name) => fileURLToPath(new URL(name, folder));
const bytes = (name) => new Uint8Array(readFileSync(new URL(name, folder)));
const record = (name) => records.find((r) => r.path === name);
const good = records.filter(({ descriptor }) => descriptor !== null);
const bad = records.filter(({ descriptor }) => descriptor === null);

/** Stereo WAV of 32-bit floats as channels. */
function pcmOf(wav) {
  const view = new DataView(wav.buffer, wav.byteOffset);
  let at = 12;
  while (view.getUint32(at, true) !== 0x6174_6164) at += 8 + view.getUint32(at + 4, true);
  const samples = new Float32Array(wav.slice(at + 8).buffer);
  const planes = [0, 1].map((c) => samples.filter((_, i) => i % 2 === c));
  return { pcm: planes, sampleRate: view.getUint32(24, true) };
}

test('a file read piece by piece has the record of the command', async (t) => {
  const ear = await open();
  for (const want of good) {
    const got = await ear.describe(path(want.path));
    const compared = compareRecords(want, { ...got, path: want.path });
    assert.ok(compared.equal, `${want.path}: ${compared.text}`);
    assert.equal(got.path, path(want.path));
    assert.deepEqual(Object.keys(got), Object.keys(want));
    assert.deepEqual(Object.keys(got.descriptor), Object.keys(want.descriptor));
    t.diagnostic(`${want.path}, ${want.decoder}: ${compared.text}`);
  }
  assert.ok(good.length >= 19, `${good.length} files`);
  ear.dispose();
});

test('the record does not depend on how the bytes came', async () => {
  const ear = await open();
  for (const name of ['long.wav', 'drums-96.flac', 'song.mp3', 'song.m4a', 'vibrato-16000.caf']) {
    const { path: _, ...want } = await ear.describe(path(name));
    for (const input of [bytes(name), bytes(name).buffer, new Blob([bytes(name)]), await openAsBlob(path(name))]) {
      const { path: none, ...got } = await ear.describe(input);
      assert.equal(none, '');
      assert.deepEqual(got, want, name);
    }
    assert.equal((await ear.describe(new File([bytes(name)], name))).path, name);
  }
  ear.dispose();
});

test('channels are the float WAV they would be', async () => {
  const ear = await open({ decoders: 'wav' });
  const name = 'chords-11025-float.wav';
  assert.deepEqual({ ...(await ear.describe(pcmOf(bytes(name)))), path: name }, record(name));
  const { pcm, sampleRate } = pcmOf(bytes(name));
  const two = await ear.describe({ pcm: [pcm[0], pcm[0].map((x) => -x)], sampleRate });
  assert.equal(two.table.channels, 2);
  assert.equal(two.descriptor.phase_correlation, -1);
  assert.equal(two.why_null.centroid, 'silence');
  ear.dispose();
});

test('a number that is unknown is null and has its reason', () => {
  for (const { path: name, descriptor, why_null } of good) {
    const unknown = Object.keys(descriptor).filter((key) => descriptor[key] === null);
    assert.deepEqual(Object.keys(why_null), unknown, name);
  }
  assert.equal(record('silence.wav').why_null.centroid, 'silence');
  assert.equal(record('drums-8000.aiff').why_null.air, 'above_nyquist');
  assert.equal(record('one-sample.wav').why_null.tempo, 'too_short');
  assert.equal(record('cut.flac').code, 'E_DECODE_TRUNCATED');
  assert.equal(record('not-finite.wav').code, 'E_NON_FINITE');
});

test('the comparer turns red at one disturbed digit', () => {
  const want = record('song-c-major.flac');
  const disturbed = structuredClone(want);
  disturbed.table.chroma[3] += 1e-8;
  assert.match(compareRecords(want, disturbed).text, /^1 fields differ; table.chroma.3: /);
  assert.equal(compareRecords(want, disturbed).equal, false);
  // A resampled source is held to the same: any number, the eighth digit, and what is no number.
  for (const resampled of ['drums-8000.aiff', 'drums-48000.mp3'].map(record)) {
    const groups = ['descriptor', 'table'].map((name) => [name, resampled[name]]);
    const lists = Object.entries(resampled.table).filter(([, value]) => Array.isArray(value));
    let numbers = 0;
    for (const [group, values] of [...groups, ...lists.map(([name, list]) => [`table.${name}`, list])]) {
      for (const key of Object.keys(values).filter((key) => typeof values[key] === 'number')) {
        const copy = structuredClone(resampled);
        const inner = group.split('.').reduce((object, name) => object[name], copy);
        inner[key] += 1e-8 * Math.max(1, Math.abs(values[key]));
        assert.equal(compareRecords(resampled, copy).equal, false, `${group}.${key}`);
        numbers += 1;
      }
    }
    assert.ok(numbers >= 70, `${numbers} numbers of ${resampled.path}`);
    for (const [name, value] of [['tempo', null], ['tempo', NaN], ['tempo', '120'], ['tempo', undefined]]) {
      const other = structuredClone(resampled);
      other.descriptor[name] = value;
      assert.equal(compareRecords(resampled, other).equal, false, `${name} ${value}`);
    }
  }
});

test('what is wrong with a file has the code and the words of the command', async () => {
  const ear = await open();
  assert.ok(bad.length >= 4);
  for (const { path: name, code, detail } of bad) {
    const error = await ear.describe(path(name)).then(() => undefined, (e) => e);
    assert.ok(error instanceof EarprintError, String(error));
    assert.deepEqual([error.code, error.message, error.file], [code, detail, path(name)]);
    assert.notEqual(error.hint, '', code);
  }
  const code = (input) => ear.describe(input).then(() => 'none', (e) => e.code);
  assert.equal(await code(path('no such file.wav')), 'E_IO');
  assert.equal(await code(path('.')), 'E_IO');
  assert.equal(await code({ pcm: [], sampleRate: 44_100 }), 'E_EMPTY');
  assert.equal(await code({ pcm: [new Float32Array(9)], sampleRate: 0 }), 'E_SAMPLE_RATE');
  assert.equal(await code({ pcm: [new Float32Array(9)], sampleRate: 1.5 }), 'E_SAMPLE_RATE');
  assert.equal(await code({ pcm: [new Float32Array(9), new Float32Array(8)], sampleRate: 9000 }), 'E_CHANNEL_LENGTH');
  assert.equal(await code(null), 'E_INPUT');
  // One bad input spoils nothing.
  assert.equal(await code(path('song-c-major.flac')), 'none');
  ear.dispose();
  assert.equal(await code(path('song-c-major.flac')), 'E_DISPOSED');
  const small = await open({ decoders: 'wav' });
  assert.equal((await small.describe(path('long.wav'))).audio_id, record('long.wav').audio_id);
  await assert.rejects(small.describe(path('song.mp3')), { code: 'E_UNSUPPORTED' });
  small.dispose();
});

test('many inputs come back in their order, bad ones in their place', async () => {
  const ear = await open();
  const names = ['letter.wav', 'chords.ogg', 'drums-96.flac'];
  const inputs = [...names.map(path), null, path('missing.wav'), bytes('scale-d-mono.flac')];
  const kinds = [];
  const done = [];
  const onProgress = (p) => p.part === 0 && done.push(p.done);
  for await (const each of ear.describeEach(inputs, { onProgress })) {
    kinds.push(each instanceof EarprintError ? each.code : each.status);
  }
  assert.deepEqual(kinds, ['E_NOT_AUDIO', 'ok', 'ok', 'E_INPUT', 'E_IO', 'ok']);
  assert.deepEqual(done, [1, 2, 3, 4, 5, 6]);
  ear.dispose();
});

test('a track leaves turns to others and stops inside', async () => {
  const ear = await open();
  const parts = [];
  let turns = 0;
  const count = setInterval(() => (turns += 1), 1);
  await ear.describe(path('long.wav'), { onProgress: ({ part }) => parts.push(part) });
  clearInterval(count);
  assert.ok(parts.length >= 4 && turns >= 2, `${parts.length} parts, ${turns} turns`);
  assert.deepEqual(parts.slice(0, -1), parts.slice(0, -1).toSorted((a, b) => a - b));

  const abort = new AbortController();
  let seen = 0;
  const onProgress = () => ++seen === 2 && abort.abort();
  await assert.rejects(ear.describe(path('long.wav'), { signal: abort.signal, onProgress }), { name: 'AbortError' });
  assert.equal(seen, 2);
  await assert.rejects(ear.describe(path('long.wav'), { signal: AbortSignal.abort() }), { name: 'AbortError' });

  // Mel values come while a track is under way, and neither disturbs the other.
  const order = [];
  const track = ear.describe(path('long.wav')).then((r) => (order.push('track'), r));
  const mel = ear.mel(path('scale-d-mono.flac'), { preset: 'whisper' }).then(() => order.push('mel'));
  await mel;
  assert.deepEqual(order, ['mel']);
  assert.deepEqual({ ...(await track), path: 'long.wav' }, record('long.wav'));

  const left = ear.describe(path('long.wav'));
  setTimeout(() => ear.dispose(), 5);
  await assert.rejects(left, { code: 'E_DISPOSED' });
});

test('memory does not grow with the length of the file', async () => {
  const { default: makeGlue } = await import('../pkg/core/earprint.js');
  const glue = makeGlue();
  const wasm = readFileSync(new URL('../pkg/core/earprint_bg.wasm', import.meta.url));
  const { memory } = await glue.init({ module_or_path: wasm });
  const tracks = new glue.Tracks();
  const head = bytes('silence.wav').slice(0, 44);
  /** A 16-bit WAV of noise that is nowhere as a whole. */
  const describe = (seconds) => {
    const size = 44 + 2 * 44_100 * seconds;
    new DataView(head.buffer).setUint32(40, size - 44, true);
    const noise = (at, length) => Uint8Array.from({ length: Math.min(length, size - at) }, (_, i) => ((at + i) * 40_503) >> 7);
    const track = tracks.begin('noise.wav', size, (at, n) => (at < 44 ? head.subarray(at, at + n) : noise(at, n)));
    let json;
    do json = track.step();
    while (json === undefined);
    track.free();
    assert.equal(JSON.parse(json).table.duration, seconds);
    return memory.buffer.byteLength;
  };
  // After the first minutes nothing is added any more.
  describe(60);
  const short = describe(600);
  const long = describe(1200);
  assert.ok(long === short && long < 24 << 20, `${short} and ${long} bytes`);
});
