// Inputs that trap in Node: each has its error in its place, all others have the values that they have without it, and
// nothing is kept of an instance that is gone.

import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';

import { EarprintError, open } from 'earprint';

import { compareBits } from './compare.mjs';
import { TRAPS, hooked, watchInstances } from './trap.mjs';

const bytes = (name) => new Uint8Array(readFileSync(new URL(name, import.meta.url)));
const path = (name) => fileURLToPath(new URL(name, import.meta.url));
const GOOD = ['sounds/song.mp3', 'sounds/chords.ogg', 'sounds/song.mp2'];
const FAULTS = ['vorbis-lookup-panic.ogg', 'mp4-seek-panic.mp4'];

const all = async (each) => {
  const out = [];
  for await (const one of each) out.push(one);
  return out;
};
const kind = (one) => (one instanceof EarprintError ? one.code : 'ok');

/** What `good` inputs give in an engine in which nothing ever trapped. */
const fresh = await (async () => {
  const ear = await open();
  const out = { mel: [], record: [] };
  for (const name of GOOD) {
    out.mel.push(await ear.mel(bytes(name)));
    out.record.push(await ear.describe(bytes(name)));
  }
  ear.dispose();
  return out;
})();

function assertFresh(which, at, got) {
  if (which === 'record') return assert.deepEqual(got, fresh.record[at], GOOD[at]);
  const { equal, text } = compareBits(fresh.mel[at].values, got.values);
  assert.ok(equal, `${GOOD[at]}: ${text}`);
}

for (const { name, code, trap } of TRAPS) {
  test(`an input that traps (${name}) has its error, the others their results`, async () => {
    const watch = watchInstances();
    const ear = await open();
    const [a, b, c] = GOOD.map(bytes);
    const inputs = [a, trap(a), b, c];
    const records = await all(ear.describeEach(inputs));
    assert.deepEqual(records.map(kind), ['ok', code, 'ok', 'ok']);
    [0, 2, 3].forEach((place, at) => assertFresh('record', at, records[place]));
    assert.equal(watch.made.length, 2);

    // The second and third portion hold two and four inputs: two of them trap.
    const mels = await all(ear.melEach([a, trap(b), b, c, a, trap(a), b]));
    assert.deepEqual(mels.map(kind), ['ok', code, 'ok', 'ok', 'ok', code, 'ok']);
    for (const [place, at] of [[0, 0], [2, 1], [3, 2], [4, 0], [6, 1]]) assertFresh('mel', at, mels[place]);

    const error = await ear.describe(trap(a)).then(() => undefined, (e) => e);
    assert.ok(error instanceof EarprintError);
    assert.match(error.hint, /\w/);
    const alone = await ear.mel(trap(a)).then(() => undefined, (e) => e);
    assert.equal(alone.code, code);
    assertFresh('mel', 0, await ear.mel(a));
    assertFresh('record', 0, await ear.describe(a));
    // One for each time it died: 1 and 3 of describe, 4 of mel (2 portions, 2 inputs), 1 alone, and the first.
    assert.equal(watch.made.length, 1 + 1 + 4 + 1 + 1, ear.info().events.join('\n'));
    assert.equal(ear.info().events.length, 5);
    watch.end();
    ear.dispose();
  });
}

test('a file that made a decoder panic or take all memory spoils nothing', async () => {
  const ear = await open();
  for (const name of FAULTS) {
    const inputs = [bytes(GOOD[0]), path(`faults/${name}`), bytes(GOOD[1]), bytes(GOOD[2])];
    const records = await all(ear.describeEach(inputs));
    assert.deepEqual(records.map(kind).filter((_, at) => at !== 1), ['ok', 'ok', 'ok'], name);
    assert.match(kind(records[1]), /^(ok|E_[A-Z_]+)$/);
    assert.notEqual(kind(records[1]), 'E_CRASHED', `${name}: ${records[1].message}`);
    if (records[1] instanceof EarprintError) assert.equal(records[1].file, path(`faults/${name}`));
    [0, 2, 3].forEach((place, at) => assertFresh('record', at, records[place]));
    const mels = await all(ear.melEach(inputs));
    [0, 2, 3].forEach((place, at) => assertFresh('mel', at, mels[place]));
  }
  // 64 channels that are mixed before they are resampled.
  const mels = await all(ear.melEach([path('faults/resample-bomb-64ch-767999hz.wav'), bytes(GOOD[0])]));
  assert.match(kind(mels[0]), /^(ok|E_TOO_LARGE|E_TOO_SHORT)$/);
  assertFresh('mel', 0, mels[1]);
  ear.dispose();
});

test('a track begins again where a mel call takes its instance', async () => {
  const ear = await open();
  const song = bytes('sounds/song.mp3');
  let asked = 0;
  // Its own first step is through when the other input traps.
  const track = ear.describe(hooked(song, () => (asked += 1)));
  const trapped = ear.mel(TRAPS[0].trap(song)).then(() => 'ok', kind);
  assert.deepEqual(await track, fresh.record[0]);
  assert.equal(await trapped, 'E_OUT_OF_MEMORY');
  assert.ok(asked > 0);
  ear.dispose();
});

test('two engines share nothing', async () => {
  const [one, other] = [await open(), await open()];
  const track = other.describe(bytes(GOOD[0]));
  await assert.rejects(one.mel(TRAPS[0].trap(bytes(GOOD[0]))), { code: 'E_OUT_OF_MEMORY' });
  assert.deepEqual(await track, fresh.record[0]);
  assert.deepEqual(other.info().events, []);
  one.dispose();
  assertFresh('mel', 1, await other.mel(bytes(GOOD[1])));
  other.dispose();
});

test('that no instance can be opened is the outcome of one input', async () => {
  const watch = watchInstances();
  const ear = await open();
  const [a, b] = GOOD.map(bytes);
  const inputs = [hooked(a, () => (watch.refuse(), TRAPS[0].trap(a).length)), a, b];
  assert.deepEqual((await all(ear.describeEach(inputs))).map(kind), ['E_OUT_OF_MEMORY', 'E_LOAD', 'ok']);
  watch.end();
  ear.dispose();
});

test('an instance that holds much memory is replaced once it is idle', async () => {
  const watch = watchInstances();
  const ear = await open();
  const grows = hooked(bytes(GOOD[0]), () => {
    const memory = watch.made.at(-1);
    if (memory.buffer.byteLength < 600 << 20) memory.grow(600 * 16);
  });
  assertFresh('mel', 0, await ear.mel(grows));
  assertFresh('mel', 1, await ear.mel(bytes(GOOD[1])));
  assertFresh('record', 0, await ear.describe(grows));
  assertFresh('record', 1, await ear.describe(bytes(GOOD[1])));
  assert.equal(watch.made.length, 3);
  assert.ok(watch.made[2].buffer.byteLength < 64 << 20);
  watch.end();
  ear.dispose();
});

test('an instance whose memory is used up stops one input', async () => {
  const watch = watchInstances();
  const ear = await open();
  const [a, b, c] = GOOD.map(bytes);
  const fills = hooked(a, () => {
    const memory = watch.made.at(-1);
    const pages = 65_536 - memory.buffer.byteLength / 65_536;
    if (pages > 0) memory.grow(pages);
  });
  // The first one: later ones could do with what those before them left free.
  const records = await all(ear.describeEach([fills, a, b, c]));
  assert.deepEqual(records.map(kind), ['E_OUT_OF_MEMORY', 'ok', 'ok', 'ok']);
  [1, 2, 3].forEach((place, at) => assertFresh('record', at, records[place]));
  watch.end();
  ear.dispose();
});

/**
 * A process in which one input of two traps. Prints what each 20 trapped inputs leave: MiB resident, and instances
 * alive.
 */
const MEMORY = `
  import { readFileSync } from 'node:fs';
  import { open } from 'earprint';
  import { TRAPS, watchInstances } from '${new URL('trap.mjs', import.meta.url)}';
  const watch = watchInstances();
  const ear = await open();
  const song = new Uint8Array(readFileSync('${path('sounds/song.mp3')}'));
  const refs = [];
  const turn = () => new Promise((resolve) => setImmediate(resolve));
  for (let round = 0; round < 4; round += 1) {
    for (let i = 0; i < 20; i += 1) {
      await ear[i % 2 ? 'mel' : 'describe'](TRAPS[0].trap(song)).then(() => process.exit(9), () => 0);
      await ear.mel(song, { preset: 'leak' });
      refs.push(...watch.made.splice(0).map((memory) => new WeakRef(memory)));
    }
    for (let i = 0; i < 5; i += 1) { await turn(); gc(); }
    const alive = refs.filter((ref) => ref.deref() !== undefined).length;
    console.log(process.memoryUsage.rss() / 2 ** 20, refs.length, alive);
  }
`;

test('nothing is kept of instances that are gone, and nothing is said by itself', (t) => {
  const args = ['--expose-gc', '--input-type=module', '--eval', MEMORY];
  const { stdout, stderr } = spawnSync(process.execPath, args, { cwd: path('..'), encoding: 'utf8' });
  assert.equal(stderr, '');
  const rows = stdout.trim().split('\n').map((row) => row.split(' ').map(Number));
  t.diagnostic(rows.map(([rss, made, alive]) => `${made} opened, ${alive} alive, ${rss.toFixed(0)} MiB`).join('; '));
  assert.equal(rows.length, 4, stdout);
  const [first, last] = [rows[0], rows[3]];
  assert.equal(last[1], 81);
  assert.ok(last[2] <= 2, `${last[2]} instances of 81 are alive`);
  assert.ok(last[0] - first[0] <= 24, `${first[0]} MiB, then ${last[0]} MiB`);
});
