// Every file of the decoder goldens in Node: the mel values and the record of the native program, in every bit, or its
// refusal in its words.
//
// The package hands out no samples, so this is what is compared: rate, channels, frames, decoder, what is said of
// damage, the hash of the packets, 128 mel values for every 512 samples of the mono mix at 22,050 Hz, and the numbers
// of the record, which see each channel. One bit of 16 in one sample shows, and so do the last bits of floats in one
// sample of 20; in a single sample they may not, and channels that swapped do not: the decoders' own tests hold the
// samples.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';

import { open } from 'earprint';

import { compareBits, compareRecords } from './compare.mjs';
import { npy } from './npy.mjs';

const files = new URL('../../tests/golden/outside/decode/files/', import.meta.url);
const out = new URL('../dist/decode/', import.meta.url);
const index = JSON.parse(readFileSync(new URL('index.json', out)).toString());
const path = (name) => fileURLToPath(new URL(name, files));
const outcome = (promise) => promise.catch((thrown) => thrown);

/** What a refusal differs by from the command's line `want`; nothing where it does not. */
function refusals(want, got) {
  const there = `${want.code}: ${want.detail}`;
  const here = got instanceof Error ? `${got.code}: ${got.message}` : 'decoded';
  return here === there ? [] : [`${there} natively, ${here} here`];
}

/** What mel values and what comes with them differ by. */
function mels(want, got) {
  if (!want.features) return refusals(want, got);
  if (got instanceof Error) return [`decoded natively, here ${got.code}: ${got.message}`];
  const { values, shape } = npy(readFileSync(new URL(`mel/${want.features}`, out)));
  const here = {
    decoder: got.decoder,
    sample_rate: got.sampleRate,
    frames_read: got.framesRead,
    partial: got.partial,
    detail: got.note ?? null,
    shape: got.shape.join(),
  };
  const there = { ...want, partial: want.status === 'partial', shape: [1, ...shape].join() };
  const differ = Object.keys(here).filter((key) => here[key] !== there[key]);
  const { equal, text } = compareBits(values, got.values);
  return [...differ.map((key) => `${key}: ${there[key]} natively, ${here[key]} here`), ...(equal ? [] : [text])];
}

/** What a record differs by. */
function records(want, got) {
  if (want.descriptor === null) return refusals(want, got);
  if (got instanceof Error) return [`decoded natively, here ${got.code}: ${got.message}`];
  const { equal, text } = compareRecords(want, { ...got, path: want.path });
  return equal ? [] : [text];
}

test('every file is decoded as natively, or refused alike', async (t) => {
  const ear = await open();
  const counts = { equal: 0, refused: 0, different: 0 };
  const differences = [];
  for (const { name, mel, record } of index) {
    const found = [
      ...mels(mel, await outcome(ear.mel(path(name)))).map((text) => `mel: ${text}`),
      ...records(record, await outcome(ear.describe(path(name)))).map((text) => `record: ${text}`),
    ];
    differences.push(...found.map((text) => `${name}, ${mel.decoder ?? mel.code}: ${text}`));
    counts[found.length > 0 ? 'different' : mel.features ? 'equal' : 'refused'] += 1;
  }
  ear.dispose();
  const { equal, refused, different } = counts;
  t.diagnostic(`${index.length} files: ${equal} equal, ${refused} refused alike, ${different} different`);
  assert.equal(different, 0, differences.join('\n'));
  assert.ok(index.length >= 400 && equal >= 350, `${index.length} files, ${equal} of them equal`);
});

test('one bit of one sample turns it red, in any channel', async () => {
  const ear = await open();
  for (const name of ['wav-s16-1ch.wav', 'wav-s16-6ch.wav']) {
    const { mel } = index.find((one) => one.name === name);
    const wav = readFileSync(path(name));
    const data = wav.indexOf('data', 0, 'latin1') + 8;
    assert.deepEqual(mels(mel, await ear.mel(new Uint8Array(wav))), []);
    for (let sample = 500; sample < 506; sample += 1) {
      const copy = new Uint8Array(wav);
      copy[data + 2 * sample] ^= 1;
      assert.match(mels(mel, await ear.mel(copy)).join('; '), /^\d+ of \d+ differ/, `${name}, sample ${sample}`);
    }
  }
  ear.dispose();
});
