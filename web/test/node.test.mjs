// The package in Node, imported by its name like by an outside user, against the bits of the native program.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';

import { EarprintError, open } from 'earprint';

import { compareBits, floats } from './compare.mjs';

const folder = new URL('../dist/vectors/', import.meta.url);
const read = (name) => readFileSync(new URL(name, folder));
const path = (name) => fileURLToPath(new URL(name, folder));
const { cases, bench } = JSON.parse(read('index.json').toString());
const first = cases[0];

/** 16-bit mono WAV as channels. */
function pcmOf(wav) {
  const samples = new Int16Array(wav.buffer.slice(wav.byteOffset + 44, wav.byteOffset + wav.byteLength));
  return { pcm: [Float32Array.from(samples, (x) => x / 32768)], sampleRate: wav.readUInt32LE(24) };
}

for (const decoders of ['all', 'wav']) {
  test(`every preset has the bits of the native program, decoders: ${decoders}`, async () => {
    const ear = await open({ decoders });
    for (const { wav, preset, shape, values, clip } of cases) {
      const want = floats(read(values));
      for (const input of [path(wav), read(wav), pcmOf(read(wav))]) {
        const mel = await ear.mel(input, { preset });
        assert.deepEqual(mel.shape, shape);
        const { equal, text } = compareBits(want, mel.values);
        assert.ok(equal, `${clip} ${preset}: ${text}`);
        assert.equal(mel.backend, 'cpu');
      }
    }
    ear.dispose();
  });
}

test('the comparer turns red at one disturbed bit', async () => {
  const ear = await open();
  const { values } = await ear.mel(read(first.wav), { preset: first.preset });
  new Uint32Array(values.buffer)[7] ^= 1;
  assert.match(compareBits(floats(read(first.values)), values).text, /^1 of \d+ differ/);
});

test('a result says where it comes from', async () => {
  const ear = await open();
  const mel = await ear.mel(path(first.wav), { preset: first.preset });
  assert.equal(mel.decoder, 'earprint-wav');
  assert.equal(mel.sampleRate, 4096);
  assert.equal(mel.framesRead, 40_960);
  assert.equal(mel.partial, false);
  const { simd, threads, backend, why } = ear.info();
  assert.deepEqual({ simd, threads, backend }, { simd: 'simd128', threads: 1, backend: 'cpu' });
  assert.match(why, /adapter|WebGPU|GPU/i);
  const preset = ear.presets().find((p) => p.name === 'librosa');
  assert.equal(preset.bandHz.length, 128);
  assert.equal(preset.unit, 'dB');
});

test('f16 values are the rounded f32 values', async () => {
  const ear = await open();
  const { values } = await ear.mel(read(first.wav), { preset: first.preset, dtype: 'f16' });
  assert.ok(values instanceof Uint16Array);
  assert.equal(values.length, floats(read(first.values)).length);
});

test('errors have stable codes and say what to do', async () => {
  const ear = await open();
  const code = async (input, options) => {
    const error = await ear.mel(input, options).then(() => undefined, (e) => e);
    assert.ok(error instanceof EarprintError, String(error));
    assert.notEqual(error.hint, '', error.code);
    return error.code;
  };
  assert.equal(await code(new Uint8Array([1, 2, 3, 4, 5, 6, 7, 8])), 'E_NOT_AUDIO');
  assert.equal(await code(path('no such file.wav')), 'E_IO');
  assert.equal(await code({ pcm: [new Float32Array(0)], sampleRate: 4096 }), 'E_EMPTY');
  assert.equal(await code({ pcm: [new Float32Array(9)], sampleRate: 0 }), 'E_SAMPLE_RATE');
  assert.equal(await code({ pcm: 'noise', sampleRate: 4096 }), 'E_INPUT');
  assert.equal(await code(null), 'E_INPUT');
  assert.equal(await code(read(first.wav), { preset: 'nope' }), 'E_PRESET');
  assert.equal(await code(read(first.wav), { dtype: 'f8' }), 'E_DTYPE');
  await assert.rejects(open({ device: 'abacus' }), { code: 'E_DEVICE' });
  await assert.rejects(open({ device: 'webgpu' }), { code: 'E_GPU_NO_DEVICE' });
  // One bad input spoils nothing.
  assert.equal((await ear.mel(read(first.wav), { preset: first.preset })).backend, 'cpu');
  ear.dispose();
  assert.equal(await code(read(first.wav)), 'E_DISPOSED');
});

test('many inputs come back in their order, bad ones in their place', async () => {
  const ear = await open();
  const inputs = [read(cases[1].wav), new Uint8Array(3), path('missing.wav'), null, ...Array(20).fill(read(first.wav))];
  const progress = [];
  const kinds = [];
  for await (const mel of ear.melEach(inputs, { preset: 'leak', onProgress: (p) => progress.push(p.done) })) {
    kinds.push(mel instanceof EarprintError ? mel.code : mel.shape.join('x'));
  }
  assert.deepEqual(kinds.slice(0, 5), ['237x32x1', 'E_NOT_AUDIO', 'E_IO', 'E_INPUT', '237x32x1']);
  assert.deepEqual(progress, Array.from({ length: 24 }, (_, i) => i + 1));
});

test('an abort stops between inputs', async () => {
  const ear = await open();
  const abort = new AbortController();
  let seen = 0;
  const all = (async () => {
    for await (const _ of ear.melEach(Array(50).fill(read(first.wav)), { preset: 'leak', signal: abort.signal })) {
      if (++seen === 3) abort.abort();
    }
  })();
  await assert.rejects(all, { name: 'AbortError' });
  assert.equal(seen, 3);
  await assert.rejects(ear.mel(read(first.wav), { signal: AbortSignal.abort() }), { name: 'AbortError' });
});

test('the bench computes what the native program computes', async () => {
  const { default: makeGlue } = await import('../pkg/full/earprint.js');
  const glue = makeGlue();
  await glue.init({ module_or_path: readFileSync(new URL('../pkg/full/earprint_bg.wasm', import.meta.url)) });
  const wav = read(bench.wav);
  const clip = new Int16Array(wav.buffer.slice(wav.byteOffset + 44, wav.byteOffset + wav.byteLength));
  const run = await glue.Bench.open('cpu', bench.preset, clip, bench.clips);
  await run.run();
  assert.equal(run.checksum(), bench.checksum);
  run.free();
});
