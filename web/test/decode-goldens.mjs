// What the native program makes of every file of the decoder goldens, into `dist/decode`: mel values and records.
// Usage: node test/decode-goldens.mjs EARPRINT

import { execFileSync } from 'node:child_process';
import { mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

// Whatever settings stand around here are no part of what is compared.
process.env.EARPRINT_CONFIG = '';

const files = fileURLToPath(new URL('../../tests/golden/outside/decode/files/', import.meta.url));
const out = new URL('../dist/decode/', import.meta.url);

rmSync(out, { recursive: true, force: true });
mkdirSync(out, { recursive: true });
const names = readdirSync(files).sort();

/** The command's line for each file. */
function lines(...verb) {
  const args = [...verb, '--json', '--device', 'cpu', '--progress', 'none', '--fail-on', 'none', '--quiet', ...names];
  const text = execFileSync(resolve(process.argv[2]), args, { cwd: files, maxBuffer: 1 << 28 }).toString();
  const all = text.trim().split('\n').map((line) => JSON.parse(line));
  const strange = all.filter((one, i) => one.path !== names[i]);
  if (all.length !== names.length || strange.length > 0) throw new Error('expected one line for each file, in order');
  return all;
}

const mels = lines('mel', '--preset', 'librosa', '--dtype', 'f32', '-o', fileURLToPath(new URL('mel', out)));
const records = lines('analyze');
const index = names.map((name, i) => ({ name, mel: mels[i], record: records[i] }));
writeFileSync(new URL('index.json', out), JSON.stringify(index, null, 1));
console.log(`${names.length} files, ${mels.filter((mel) => mel.features).length} with mel values, in dist/decode`);
