// The arrays that clusters, maps and orders of the package are held against, with what the native program makes of them, into `dist/collections`: the
// sets of the k-means goldens, and one made up here with unknown numbers. `index.json` lists the cases.
// Usage: node test/collections.mjs EARPRINT, after records.mjs; the maps are written by the example `collections` of the tests.

import { execFileSync } from 'node:child_process';
import { cpSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

import { npy } from './npy.mjs';

// Whatever settings stand around here are no part of what is compared.
process.env.EARPRINT_CONFIG = '';

const golden = new URL('../../tests/golden/outside/kmeans/', import.meta.url);
const out = new URL('../dist/collections/', import.meta.url);

/** Seven hills in 25 columns, one number in thirty unknown, two rows without any. */
function made() {
  const [n, d] = [400, 25];
  let random = 7;
  const next = () => (random = (Math.imul(random, 1_664_525) + 1_013_904_223) >>> 0) / 2 ** 32;
  const middles = Float32Array.from({ length: 7 * d }, () => 6 * next());
  const value = (_, at) => {
    const [row, x] = [Math.floor(at / d), next() + next() + next() + middles[((at / d) | 0) % 7 * d + (at % d)]];
    return row === 11 || row === 200 || next() < 1 / 30 ? NaN : x;
  };
  return Float32Array.from({ length: n * d }, value);
}

/** A (rows, columns) array of f32 as a file. */
function npyOf(values, columns) {
  const text = `{'descr': '<f4', 'fortran_order': False, 'shape': (${values.length / columns}, ${columns}), }`;
  const head = Buffer.from(`\x93NUMPY\x01\x00\x76\x00${text.padEnd(117)}\n`, 'latin1');
  return Buffer.concat([head, Buffer.from(values.buffer)]);
}

/** What is asked: of the package, and of the command in its words. */
const CASES = [
  ...['apart', 'mixed', 'offset', 'real', 'unequal', 'wide'].map((x) => ({ x, init: true })),
  { x: 'long', options: { k: 7, seed: 3, scale: 'robust' } },
  { x: 'uniform', options: { k: 12, starts: 2, maxIter: 5, scale: 'none' } },
  { x: 'mixed', options: { k: 9, batch: 128, maxIter: 40 } },
  { x: 'apart', options: { kMax: 8, seed: 1 } },
  { x: 'made', options: { kMax: 9 } },
  { x: 'made', options: { k: 5, tol: 0.001, starts: 1 } },
  // Enough products for the kernel in integers.
  { x: 'made', options: { k: 170, starts: 1 } },
];
const FLAGS = { k: '-k', kMax: '--k-max', seed: '--seed', scale: '--scale', starts: '--starts', maxIter: '--max-iter', tol: '--tol', batch: '--batch' };

rmSync(out, { recursive: true, force: true });
mkdirSync(out, { recursive: true });
for (const x of new Set(CASES.map(({ x }) => x))) {
  if (x === 'made') writeFileSync(new URL('made.x.npy', out), npyOf(made(), 25));
  else cpSync(new URL(`${x}.x.npy`, golden), new URL(`${x}.x.npy`, out));
}
const folder = fileURLToPath(out);
const index = CASES.map(({ x, init = false, options = {} }, at) => {
  const to = `case${at}`;
  const flags = Object.entries(options).flatMap(([name, value]) => [FLAGS[name], String(value)]);
  if (init) {
    cpSync(new URL(`${x}.init.npy`, golden), new URL(`${x}.init.npy`, out));
    flags.push('--init', `${x}.init.npy`);
  }
  const args = ['cluster', `${x}.x.npy`, '--device', 'cpu', '--json', '--quiet', '-o', to, ...flags];
  execFileSync(resolve(process.argv[2]), args, { cwd: folder });
  const summary = JSON.parse(readFileSync(new URL(`${to}/summary.json`, out)).toString());
  const { values: labels } = npy(readFileSync(new URL(`${to}/labels.npy`, out)));
  const { values: centres } = npy(readFileSync(new URL(`${to}/centres.npy`, out)));
  const { inertia, iterations, ended, silhouette, choice, k } = summary;
  const bounds = { calinskiHarabasz: summary.calinski_harabasz, daviesBouldin: summary.davies_bouldin };
  const sizes = summary.clusters.map(({ size }) => size);
  const want = { k, sizes, inertia, iterations, ended, silhouette, ...bounds, choice };
  return { x, init, options, want: { ...want, labels: [...labels], centres: [...centres] } };
});
// The order of a track's numbers is that of the command's records.
const [{ descriptor }] = JSON.parse(readFileSync(new URL('../dist/tracks.json', import.meta.url)).toString()).filter((r) => r.descriptor);

/** Orders of the tracks of `dist/tracks`: of the package, and of the command in its words. They lie in one folder: one group for the command. */
const ORDERS = [
  { options: {}, flags: [] },
  { options: { shape: 'arc', peak: 0.4, seed: 3 }, flags: ['--shape', 'arc', '--peak', '0.4', '--seed', '3'] },
  { options: { shape: 'rise', tracks: 9 }, flags: ['--shape', 'rise', '-n', '9'] },
  { options: { shape: 'flat', seconds: 60 }, flags: ['--shape', 'flat', '--minutes', '1'] },
  { options: { gap: 2, perGroup: 6 }, flags: ['--gap', '2', '--per-group', '6'], grouped: true },
  { options: { tracks: 8 }, ends: ['long.wav', 'cut.flac'], flags: ['--from', 'long.wav', '--to', 'cut.flac', '-n', '8'] },
];
const native = (args) => execFileSync(resolve(process.argv[2]), args, { cwd: folder, maxBuffer: 1 << 28 }).toString();
native(['analyze', '../tracks', '--library', 'tracks.db', '--device', 'cpu', '--progress', 'none', '--fail-on', 'none', '--quiet']);
const orders = ORDERS.map(({ options, flags, ends = [], grouped = false }) => {
  const found = JSON.parse(native(['order', '--library', 'tracks.db', '--json', '--quiet', ...flags]));
  const name = (path) => path.slice(path.lastIndexOf('/') + 1);
  const leftOut = found.left_out.map(({ path, reason }) => [name(path), reason]);
  const { sequence, transitions, total, greedy, random, too_near: tooNear, findings } = found;
  const want = { sequence: sequence.map(name), transitions, total, greedy, random, tooNear, leftOut, findings };
  const group = grouped ? sequence[0].slice(0, sequence[0].lastIndexOf('/')) : null;
  return { options, ends, group, want };
});

const sets = [...new Set(CASES.map(({ x }) => x))];
writeFileSync(new URL('index.json', out), JSON.stringify({ dimensions: Object.keys(descriptor), sets, cases: index, orders }));
console.log(`${index.length} clusterings, ${orders.length} orders in dist/collections`);
