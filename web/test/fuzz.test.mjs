// Damaged files in Node: none hangs, each has an outcome, and the package goes on after each with equal values.
// EARPRINT_FUZZ: how many (300); EARPRINT_FUZZ_FIRST: number of the first (0). A number makes the same file everywhere.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Worker } from 'node:worker_threads';

import { mutant, repairOgg, seeds } from './fuzz.mjs';

const COUNT = Number(process.env.EARPRINT_FUZZ ?? 300);
const FIRST = Number(process.env.EARPRINT_FUZZ_FIRST ?? 0);

/** An input that takes longer hangs, ms. Of 100 the longest took 7 s on a busy machine (2026-11-28). */
const HANG = 180_000;
/** What the process may hold at most, bytes: wasm cannot have more than 4 GiB. */
const MOST_BYTES = 4.5 * 2 ** 30;

test('a number always makes the same file, and numbers make different ones', () => {
  const all = seeds();
  assert.ok(all.length >= 11, `${all.length} seeds`);
  const text = (number) => Buffer.from(mutant(number, all).bytes).toString('latin1');
  const made = new Set(Array.from({ length: 40 }, (_, number) => text(number)));
  assert.ok(made.size >= 39, `${made.size} different of 40`);
  assert.equal(text(7), text(7));
  const names = new Set(Array.from({ length: 300 }, (_, number) => mutant(number, all).name));
  assert.ok(names.size >= Math.min(all.length, 60), `${names.size} of ${all.length} seeds are used`);
});

test('the repaired sums of Ogg pages are those that libogg wrote', () => {
  const { bytes } = seeds().find(({ name }) => name === 'chords.ogg');
  const disturbed = bytes.slice();
  disturbed.fill(7, 22, 26);
  repairOgg(disturbed);
  assert.deepEqual(disturbed, bytes);
});

test(`${COUNT} damaged files`, async (t) => {
  const workerData = { first: FIRST, count: COUNT };
  const worker = new Worker(new URL('fuzz-worker.mjs', import.meta.url), { workerData });
  const codes = { describe: {}, mel: {} };
  const wrong = [];
  let [now, seen, most, events, slowest, since] = [undefined, 0, 0, 0, { ms: 0 }, Date.now()];
  await new Promise((resolve, reject) => {
    let watchdog = setTimeout(() => {}, 0);
    const label = () => (now === undefined ? 'opening' : `${now.number}, ${now.name} (${now.done})`);
    worker.on('message', (said) => {
      clearTimeout(watchdog);
      watchdog = setTimeout(() => {
        void worker.terminate();
        reject(new Error(`${label()} hangs`));
      }, HANG);
      if (said.verbs === undefined) {
        [now, since] = [said, Date.now()];
        return;
      }
      seen += 1;
      if (Date.now() - since > slowest.ms) slowest = { ms: Date.now() - since, label: label() };
      [most, events] = [Math.max(most, said.rss), said.events];
      for (const [verb, code] of Object.entries(said.verbs)) {
        if (code.startsWith('FAIL')) wrong.push(`${label()}: ${code}`);
        else codes[verb][code] = (codes[verb][code] ?? 0) + 1;
      }
      if (!said.alive) wrong.push(`${label()}: after it a whole file has other values`);
    });
    worker.on('error', reject);
    worker.on('exit', () => (clearTimeout(watchdog), resolve()));
  });
  for (const verb of Object.keys(codes)) t.diagnostic(`${verb}: ${JSON.stringify(codes[verb])}`);
  t.diagnostic(`opened again ${events} times; at most ${Math.round(most / 2 ** 20)} MiB`);
  t.diagnostic(`slowest ${slowest.ms} ms: ${slowest.label}`);
  assert.deepEqual(wrong, []);
  assert.equal(seen, COUNT);
  assert.ok(most <= MOST_BYTES, `${most} bytes were held`);
});
