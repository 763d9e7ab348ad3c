// Decoders in Node: what most files need comes first, the others with the first file that needs them, and no caller
// sees the difference.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';

import { EarprintError, open } from 'earprint';

import { TRAPS, watchInstances } from './trap.mjs';

const bytes = (name) => new Uint8Array(readFileSync(new URL(`sounds/${name}`, import.meta.url)));
const COMMON = ['song.mp3', 'chords.ogg', 'noise-48000-24.wav', 'song.mp2'];
const MORE = ['song.m4a', 'scale.aac', 'scale-22050-alac.m4a', 'drums-8000.aiff', 'vibrato-16000.caf'];
const kind = (one) => (one instanceof EarprintError ? one.code : one.decoder);

const all = async (each) => {
  const out = [];
  for await (const one of each) out.push(one);
  return out;
};

test('the other decoders are opened by the first file that needs them', async () => {
  const watch = watchInstances();
  const ear = await open();
  for (const name of COMMON) await ear.describe(bytes(name));
  assert.equal(watch.made.length, 1);
  const inputs = [COMMON[0], MORE[0], COMMON[1], MORE[1], MORE[2], COMMON[2]].map(bytes);
  const names = ['symphonia-mp3', 'syom-aac', 'symphonia-vorbis', 'syom-aac', 'symphonia-alac'];
  const decoders = [...names, 'earprint-wav'];
  assert.deepEqual((await all(ear.melEach(inputs))).map(kind), decoders);
  assert.deepEqual((await all(ear.describeEach(inputs))).map(kind), decoders);
  assert.equal(watch.made.length, 2);
  assert.deepEqual(ear.info().events, []);
  watch.end();
  ear.dispose();
});

test('a trap in either spoils neither', async () => {
  const ear = await open();
  const text = ({ values }) => Buffer.from(values.buffer).toString('base64');
  const want = (await all(ear.melEach(MORE.map(bytes)))).map(text);
  const inputs = MORE.flatMap((name) => [TRAPS[1].trap(bytes('song.mp3')), bytes(name)]);
  const got = await all(ear.melEach(inputs));
  got.forEach((one, i) => {
    if (i % 2 === 0) assert.equal(kind(one), 'E_CRASHED');
    else assert.equal(text(one), want[(i - 1) / 2], MORE[(i - 1) / 2]);
  });
  ear.dispose();
});

test('AAC behind an ID3 tag is not taken for MP3', async () => {
  const ear = await open();
  // A tag of 300 bytes: seven bits a byte.
  const tag = new Uint8Array(310);
  tag.set([0x49, 0x44, 0x33, 4, 0, 0, 0, 0, 2, 44]);
  const { path: _, ...want } = await ear.describe(new File([bytes('scale.aac')], 'scale.aac'));
  for (const name of ['scale.aac', 'scale.mp3', '']) {
    const { path: __, ...got } = await ear.describe(new File([tag, bytes('scale.aac')], name));
    assert.deepEqual(got, want, name);
  }
  assert.equal(want.decoder, 'syom-aac');
  ear.dispose();
});

test('who asks for WAV alone gets no other decoder', async () => {
  const watch = watchInstances();
  const ear = await open({ decoders: 'wav' });
  const kinds = (await all(ear.describeEach(['song.m4a', 'song.mp3', 'noise-48000-24.wav'].map(bytes)))).map(kind);
  assert.deepEqual(kinds, ['E_UNSUPPORTED', 'E_UNSUPPORTED', 'earprint-wav']);
  assert.equal(watch.made.length, 1);
  watch.end();
  ear.dispose();
});
