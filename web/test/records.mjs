// The sounds that package and page are held against, and the records that the native program makes of them, into
// `dist/tracks`: the golden clips, other codecs, and what goes wrong with files.
// Usage: node test/records.mjs EARPRINT

import { execFileSync } from 'node:child_process';
import { cpSync, mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

// Whatever settings stand around here are no part of what is compared.
process.env.EARPRINT_CONFIG = '';

const clips = new URL('../../tests/golden/outside/track/clips/', import.meta.url);
const sounds = new URL('sounds/', import.meta.url);
const out = new URL('../dist/tracks/', import.meta.url);

/** 16-bit mono WAV. */
function wav(rate, samples) {
  const bytes = Buffer.alloc(44 + 2 * samples.length);
  bytes.write('RIFF\0\0\0\0WAVEfmt ', 'latin1');
  bytes.writeUInt32LE(bytes.length - 8, 4);
  [16, 0x0001_0001, rate, 2 * rate, 0x0010_0002].forEach((value, i) => bytes.writeUInt32LE(value, 16 + 4 * i));
  bytes.write('data', 36, 'latin1');
  bytes.writeUInt32LE(2 * samples.length, 40);
  samples.forEach((value, i) => bytes.writeInt16LE(value, 44 + 2 * i));
  return bytes;
}

/** Long enough for several segments: falling tones, a beat, noise that swells. */
function long() {
  let random = 1;
  return Int16Array.from({ length: 44_100 * 41 }, (_, n) => {
    random = (Math.imul(random, 1_664_525) + 1_013_904_223) >>> 0;
    const [noise, beat] = [random / 2 ** 32 - 0.5, Math.exp(-(n % 22_050) / 2000)];
    const tone = Math.sin((n * (600 - (n / 44_100) * 10)) / 5000);
    return Math.round(9000 * tone + 12_000 * beat * noise + ((n / 44_100) * 4000 * noise) / 41);
  });
}

/** 32-bit floats with two samples that are no numbers. */
function damaged(float) {
  const bytes = Buffer.from(float);
  bytes.writeFloatLE(NaN, bytes.length - 400);
  bytes.writeFloatLE(Infinity, bytes.length - 800);
  return bytes;
}

rmSync(out, { recursive: true, force: true });
mkdirSync(out, { recursive: true });
for (const folder of [clips, sounds]) {
  for (const name of readdirSync(folder)) if (!name.endsWith('.sh')) cpSync(new URL(name, folder), new URL(name, out));
}
const song = readFileSync(new URL('song-c-major.flac', clips));
const made = {
  'long.wav': wav(44_100, long()),
  'silence.wav': wav(44_100, new Int16Array(30_000)),
  'one-sample.wav': wav(44_100, Int16Array.of(1234)),
  'cut.flac': song.subarray(0, Math.floor(0.6 * song.length)),
  'not-finite.wav': damaged(readFileSync(new URL('chords-11025-float.wav', sounds))),
  'letter.wav': 'Dear Sir or Madam, this is no sound.',
  'empty.wav': '',
  'no-samples.wav': wav(44_100, []),
  'header-only.flac': song.subarray(0, 60),
};
for (const [name, bytes] of Object.entries(made)) writeFileSync(new URL(name, out), bytes);

const names = readdirSync(out).sort();
const args = ['analyze', '--json', '--device', 'cpu', '--progress', 'none', '--fail-on', 'none', '--quiet', ...names];
const text = execFileSync(resolve(process.argv[2]), args, { cwd: fileURLToPath(out), maxBuffer: 1 << 28 }).toString();
const records = text.trim().split('\n').map((line) => JSON.parse(line));
const strange = records.filter((record, i) => record.path !== names[i]);
if (records.length !== names.length || strange.length > 0) throw new Error('expected one record for each file, in order');
writeFileSync(new URL('../tracks.json', out), JSON.stringify(records, null, 1));
const good = records.filter(({ descriptor }) => descriptor !== null).length;
console.log(`${names.length} files, ${good} with numbers, in dist/tracks`);
