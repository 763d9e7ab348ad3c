// Collections in Node: clusters by hand, the numbers of the native program, what is refused, and how a job is ended.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';

import { EarprintError, open } from 'earprint';

import { recordsOf, runCollections } from './collections-run.mjs';
import { npy } from './npy.mjs';

const folder = new URL('../dist/collections/', import.meta.url);
const load = (name) => readFileSync(new URL(name, folder));
const { dimensions } = JSON.parse(load('index.json').toString());
const made = npy(load('made.x.npy')).values;
const rows = (...values) => ({ values: Float32Array.from(values), columns: 1 });

test('clusters, maps and words have the bits of the native program', async (t) => {
  const ear = await open();
  const loadFile = (name) => readFileSync(new URL(`../dist/${name}`, import.meta.url));
  await runCollections(ear, loadFile, (ok, what, text) => {
    t.diagnostic(`${what}: ${text}`);
    assert.ok(ok, `${what}: ${text}`);
  });
  ear.dispose();
});

test('four rows on a line, by hand', async () => {
  const ear = await open();
  // Means 1 and 11, each row at distance 1; the row without a number is nowhere.
  const two = await ear.cluster(rows(10, 0, NaN, 2, 12, 11), { k: 2, scale: 'none' });
  assert.deepEqual([...two.labels], [0, 1, -1, 1, 0, 0]);
  assert.deepEqual([two.k, two.columns, two.sizes, [...two.centres]], [2, 1, [3, 2], [11, 1]]);
  assert.deepEqual([two.inertia, two.ended, two.choice, two.clusters], [4, 'settled', null, null]);
  assert.deepEqual([two.backend, two.simd], ['cpu', 'simd128']);
  // Mean of (b - a) / max(a, b), squared distances: {10, 11, 12} and {0, 2} (a: over the other members).
  const s = (a, b) => (b - a) / b;
  const [left, right] = [[s(4, (100 + 121 + 144) / 3), s(4, (64 + 81 + 100) / 3)], [s(2.5, 82), s(1, 101), s(2.5, 122)]];
  const mean = [...left, ...right].reduce((sum, x) => sum + x) / 5;
  assert.ok(Math.abs(two.silhouette - mean) < 1e-12, `${two.silhouette} and ${mean}`);
  // A weight counts a row twice; from given centres.
  const weighted = await ear.cluster(rows(0, 3, 20), { init: Float64Array.of(1, 19), scale: 'none', weights: Uint32Array.of(2, 1, 1) });
  assert.deepEqual([[...weighted.labels], [...weighted.centres], weighted.sizes], [[0, 0, 1], [1, 20], [3, 1]]);
  // Two hills are counted, and the choice says how.
  const hills = await ear.cluster(rows(1, 1.1, 1.2, 9, 9.1, 9.2, 9.15, 1.15, 1.05, 9.05), { kMax: 4 });
  assert.deepEqual([hills.k, hills.choice.k, hills.choice.tried.map(({ k }) => k)], [2, 2, [2, 3, 4]]);
  ear.dispose();
});

test('tracks without numbers keep their place', async () => {
  const ear = await open();
  const records = recordsOf(made, dimensions);
  const [failed, none] = [new EarprintError('E_NOT_AUDIO', 'a letter'), { descriptor: null }];
  const found = await ear.cluster([failed, ...records.slice(0, 40), none], { k: 3 });
  const alone = await ear.cluster(records.slice(0, 40), { k: 3 });
  assert.deepEqual([...found.labels], [-1, ...alone.labels, -1]);
  assert.equal(found.labels[12], -1, 'a record that knows nothing');
  assert.deepEqual(found.clusters.map(({ name }) => name), alone.clusters.map(({ name }) => name));
  assert.equal(new Set(found.clusters.map(({ name }) => name)).size, 3);
  const map = await ear.map([failed, ...records.slice(0, 40), none]);
  assert.deepEqual([map.xy.length, map.xy[0], map.xy.at(-1), map.torn[0]], [84, NaN, NaN, 0]);
  assert.deepEqual((await ear.tags([failed, ...records.slice(0, 40)]))[0], []);
  // Few rows are no mistake.
  const two = await ear.map(records.slice(0, 2));
  assert.ok(two.xy.every(Number.isFinite) && Number.isNaN(two.trustworthiness));
  ear.dispose();
});

test('tracks in order, by hand', async () => {
  const ear = await open();
  // All alike but for their tempo; the one without numbers has no place.
  const [record] = recordsOf(made.subarray(0, 25), dimensions);
  const at = (tempo, path) => ({ ...record, path, descriptor: { ...record.descriptor, tempo } });
  const tracks = [at(130, 'b/1'), new EarprintError('E_NOT_AUDIO', 'a letter'), at(100, 'a/1'), at(120, 'b/2'), at(110, 'a/2')];
  const free = await ear.order(tracks, { from: 2 });
  assert.deepEqual([free.sequence, free.leftOut], [[2, 4, 3, 0], [{ row: 1, reason: 'no_numbers' }]]);
  assert.deepEqual([free.transitions.length, free.transitions[0].words.slice(0, 10), free.transitions[0].parts.key], [3, 'tempo +10 ', null]);
  const sum = free.transitions.reduce((sum, { cost }) => sum + cost, 0);
  assert.ok(Math.abs(free.total - sum) < 1e-12 && free.total <= free.greedy && free.total < free.random.mean);
  // Folders are groups, unless others are given.
  const apart = (sequence, group) => sequence.slice(1).every((row, i) => group(row) !== group(sequence[i]));
  const spread = await ear.order(tracks, { gap: 1 });
  assert.ok(spread.tooNear === 0 && apart(spread.sequence, (row) => tracks[row].path[0]), spread.sequence.join());
  const groups = ['x', null, 'x', 'y', 'y'];
  const others = await ear.order(tracks, { gap: 1, groups });
  assert.ok(others.tooNear === 0 && apart(others.sequence, (row) => groups[row]), others.sequence.join());
  const one = await ear.order(tracks, { perGroup: 1 });
  assert.equal(one.sequence.length, 2);
  assert.deepEqual((await ear.order([])).sequence, []);
  ear.dispose();
});

test('what is refused has a code and says what to do', async () => {
  const ear = await open();
  const said = async (promise) => {
    const error = await promise.then(() => undefined, (e) => e);
    assert.ok(error instanceof EarprintError, String(error));
    assert.notEqual(error.hint, '', error.code);
    return error.code;
  };
  const some = rows(1, 2, 3);
  const [record] = recordsOf(made, dimensions);
  assert.equal(await said(ear.cluster(some, { k: 4 })), 'E_CLUSTERS');
  assert.equal(await said(ear.cluster(rows(1, 1, 1), { k: 2 })), 'E_TOO_FEW');
  assert.equal(await said(ear.cluster(rows(1, Infinity), { k: 1 })), 'E_NON_FINITE');
  assert.equal(await said(ear.cluster(rows(NaN, NaN), { k: 1 })), 'E_WEIGHTS');
  assert.equal(await said(ear.cluster(rows(), { k: 1 })), 'E_SHAPE');
  assert.equal(await said(ear.cluster([], { k: 1 })), 'E_SHAPE');
  assert.equal(await said(ear.cluster({ ...some, columns: 2 }, { k: 1 })), 'E_SHAPE');
  assert.equal(await said(ear.cluster(some, { weights: new Uint32Array(2) })), 'E_SHAPE');
  assert.equal(await said(ear.cluster(some, { init: new Float64Array(0) })), 'E_CLUSTERS');
  assert.equal(await said(ear.cluster(some, { k: 1, init: Float64Array.of(1, 2) })), 'E_INIT');
  assert.equal(await said(ear.map({ ...some, columns: 2 })), 'E_SHAPE');
  assert.equal(await said(ear.map(some, { weights: Float32Array.of(-1) })), 'E_WEIGHTS');
  assert.equal(await said(ear.cluster([{ ...record, schema: 'trk-0' }])), 'E_SCHEMA_MIX');
  for (const wrong of [null, 'rows', [3], [null], { values: [1], columns: 1 }, { ...some, columns: 0 }]) {
    assert.equal(await said(ear.cluster(wrong)), 'E_ROWS', JSON.stringify(wrong));
  }
  const options = [{ k: 0 }, { k: 1.5 }, { kMax: 1 }, { starts: 0 }, { seed: -1 }, { tol: 2 }, { scale: 'log' }, { K: 3 }, { batch: 9, starts: 2 }, { init: [1] }, { weights: [1] }];
  for (const wrong of options) assert.equal(await said(ear.cluster(some, wrong)), 'E_OPTION', JSON.stringify(wrong));
  assert.equal(await said(ear.map(some, { neighbours: 0 })), 'E_OPTION');
  assert.equal(await said(ear.map([record], { scale: 'none' })), 'E_OPTION');
  assert.equal(await said(ear.cluster(some, { k: 1, device: 'cuda' })), 'E_OPTION');
  assert.equal(await said(ear.cluster(some, { k: 1, batch: 2, device: 'webgpu' })), 'E_OPTION');
  assert.equal(await said(ear.cluster(some, { k: 1, device: 'webgpu' })), 'E_GPU_NO_DEVICE');
  const two = [record, { ...record, path: 'other' }];
  const orders = [{ from: 2 }, { shape: 'circle' }, { peak: 2 }, { tracks: 0 }, { seconds: 0 }, { groups: ['a'] }, { groups: [1, 2] }, { scale: 'none' }];
  for (const wrong of orders) assert.equal(await said(ear.order(two, wrong)), 'E_OPTION', JSON.stringify(wrong));
  assert.equal(await said(ear.order(two, { from: 1, to: 1 })), 'E_SAME_ENDS');
  assert.equal(await said(ear.order(two, { from: 0, to: 1, tracks: 1 })), 'E_LIMIT_TRACKS');
  for (const wrong of [[3], null, some]) assert.equal(await said(ear.order(wrong)), 'E_ROWS');
  await assert.rejects(ear.cluster(some, { K: 3 }), /option K does not belong here; expected some of seed, k, /);
  // Nothing of it spoils what follows.
  assert.equal((await ear.cluster(some, { k: 1 })).k, 1);
  ear.dispose();
  assert.equal(await said(ear.cluster(some, { k: 1 })), 'E_DISPOSED');
});

test('a job tells how far it is, and ends where it is told to', async () => {
  const ear = await open();
  const many = { values: Float32Array.from({ length: 20_000 }, (_, i) => ((i * 40_503) % 9973) / 7), columns: 2 };
  const few = { values: many.values.subarray(0, 2000), columns: 2 };
  const seen = [];
  await ear.cluster(many, { k: 30, starts: 2, onProgress: (p) => seen.push(p) });
  assert.ok(seen.length > 4 && seen.every(({ done, total }, i) => done === i + 1 && total === 600), JSON.stringify(seen[0]));
  for (const call of ['cluster', 'map']) {
    const abort = new AbortController();
    let calls = 0;
    const onProgress = () => ++calls === 2 && abort.abort();
    const [rows, options] = call === 'map' ? [few, { onProgress }] : [many, { onProgress, k: 30 }];
    await assert.rejects(ear[call](rows, { ...options, signal: abort.signal }), { name: 'AbortError' });
    assert.equal(calls, 2);
    await assert.rejects(ear[call](many, { signal: AbortSignal.abort() }), { name: 'AbortError' });
  }
  // One that is waiting is not begun.
  const abort = new AbortController();
  const first = ear.cluster(many, { k: 2 });
  const second = ear.cluster(many, { k: 30, signal: abort.signal, onProgress: () => assert.fail('it was begun') });
  abort.abort(new Error('no more'));
  await assert.rejects(second, /no more/);
  assert.equal((await first).k, 2);
  ear.dispose();
});
