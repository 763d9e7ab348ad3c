// Every file of the decoder goldens in Node: the mel values and the record of the native program, in every bit, or its
// refusal in its words.
//
// The package hands out no samples, so this is what is compared: rate, channels, frames, decoder, what is said of
// damage, the hash of the packets, 128 mel values for every 512 samples of the mono mix at 22,050 Hz, and the 25 numbers
// and the table of the record, which see each channel. One sample that differs in its last bit can hide in them, and so
// can channels that swapped; `earprint-audio` holds the samples themselves against the reference decoders.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';

import { EarprintError, open } from 'earprint';

import { compareBits, compareRecords } from './compare.mjs';
import { npy } from './npy.mjs';

const files = new URL('../../tests/golden/outside/decode/files/', import.meta.url);
const out = new URL('../dist/decode/', import.meta.url);
const index = JSON.parse(readFileSync(new URL('index.json', out)).toString());
const path = (name) => fileURLToPath(new URL(name, files));
const read = (name) => new Uint8Array(readFileSync(new URL(name, files)));
const outcome = (promise) => promise.catch((thrown) => thrown);

/** The command's mel values of a file. */
function valuesOf({ features }) {
  const { values, shape } = npy(readFileSync(new URL(`mel/${features}`, out)));
  return { values, shape };
}

/** How the refusal of `got` differs from the line `want` of the command; nothing where it does not. */
function refusals(want, got) {
  const words = (code, text) => `${code}: ${text}`;
  const [a, b] = [words(want.code, want.detail), words(got.code, got.message)];
  if (!(got instanceof EarprintError)) return [`${a} natively, decoded here`];
  return a === b ? [] : [`${a} natively, ${b} here`];
}

/** How mel values differ from the command's. */
function mels(want, got) {
  if (!want.features) return refusals(want, got);
  if (got instanceof Error) return [`decoded natively, here ${got.code}: ${got.message}`];
  const { values, shape } = valuesOf(want);
  const here = {
    decoder: got.decoder,
    sample_rate: got.sampleRate,
    frames_read: got.framesRead,
    partial: got.partial,
    detail: got.note ?? null,
    shape: got.shape.join(),
  };
  const there = { ...want, partial: want.status === 'partial', shape: shape.join() };
  const differ = Object.keys(here).filter((key) => here[key] !== there[key]);
  const { equal, text } = compareBits(values, got.values);
  return [...differ.map((key) => `${key}: ${there[key]} natively, ${here[key]} here`), ...(equal ? [] : [text])];
}

/** How a record differs from the command's. */
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
