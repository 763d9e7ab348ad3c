// What Node and pages ask of an opened package, and how it is held against the native program: clusters, maps, words and orders of all cases.

import { compareBits, compareClusterings, floats } from './compare.mjs';
import { npy } from './npy.mjs';

/** Rows of 25 numbers as records of tracks. */
export function recordsOf(values, dimensions) {
  const number = (x) => (Number.isNaN(x) ? null : x);
  return Array.from({ length: values.length / 25 }, (_, row) => ({
    schema: 'trk-1',
    descriptor: Object.fromEntries(dimensions.map((name, j) => [name, number(values[25 * row + j])])),
  }));
}

/** JSON with the names of objects in order. */
function sorted(value) {
  const inOrder = (_, v) => (v && !Array.isArray(v) && typeof v === 'object' ? Object.fromEntries(Object.entries(v).sort()) : v);
  return JSON.stringify(value, inOrder);
}

/**
 * Calls `line(ok, what, text)` for every comparison. `load(name)` resolves to the bytes of a file of `dist`. `backend` is what must have found the
 * clusters; what is the CPU's alone is left out where it is another.
 */
export async function runCollections(ear, loadFile, line, backend = 'cpu') {
  const load = (name) => loadFile(`collections/${name}`);
  const parsed = (bytes) => JSON.parse(new TextDecoder().decode(bytes));
  const json = async (name) => parsed(await load(name));
  const { cases, sets, dimensions, orders } = await json('index.json');
  const rowsOf = async (x) => {
    const { values, shape } = npy(await load(`${x}.x.npy`));
    return { values, columns: shape[1] };
  };
  for (const { x, init, options, want } of cases) {
    const first = init ? { init: npy(await load(`${x}.init.npy`)).values } : {};
    const got = await ear.cluster(await rowsOf(x), { ...options, ...first });
    const { equal, text } = compareClusterings(want, got);
    const by = options.batch === undefined ? backend : 'cpu';
    line(equal && got.backend === by, `cluster ${x} ${JSON.stringify(options)}`, `${text}, ${got.backend}: ${got.why}`);
    // One label is enough to be seen.
    got.labels[5] += 1;
    line(!compareClusterings(want, got).equal, `cluster ${x}`, 'a disturbed label is seen');
  }
  if (backend !== 'cpu') return;
  const records = parsed(await loadFile('tracks.json'));
  for (const { options, ends, group, want } of orders) {
    const row = (name) => records.findIndex(({ path }) => path === name);
    const groups = { groups: records.map(() => group) };
    const [from, to] = ends.map(row);
    const got = await ear.order(records, { ...options, ...groups, from, to });
    const name = (at) => records[at].path;
    const told = {
      ...{ sequence: got.sequence.map(name), transitions: got.transitions, total: got.total, greedy: got.greedy, random: got.random },
      ...{ tooNear: got.tooNear, findings: got.findings.map(({ at, ...rest }) => ({ ...rest, at: at + 1 })) },
      leftOut: got.leftOut.filter(({ reason }) => reason !== 'no_numbers').map(({ row, reason }) => [name(row), reason]),
    };
    const off = Object.keys(want).filter((key) => sorted(told[key]) !== sorted(want[key]));
    const without = got.leftOut.length - told.leftOut.length;
    const all = got.sequence.length + got.leftOut.length === records.length && without === records.filter((r) => r.descriptor === null).length;
    line(off.length === 0 && all, `order ${JSON.stringify(options)}`, off.join() || `${got.sequence.length} of ${records.length}, ${got.total.toFixed(3)}`);
    // Another order is seen.
    const other = await ear.order(records, { ...options, ...groups, from: to, to: from, seed: 99, shape: 'fall' });
    line(sorted(other.sequence.map(name)) !== sorted(want.sequence), `order ${JSON.stringify(options)}`, 'another order is seen');
  }
  for (const x of sets) {
    const rows = await rowsOf(x);
    await compareMaps(await ear.map(rows), `${x}.map`);
    if (rows.columns !== dimensions.length) continue;
    const made = recordsOf(rows.values, dimensions);
    await compareMaps(await ear.map(made), `${x}.tracks.map`);
    const { words } = await json(`${x}.tracks.map.json`);
    const { clusters } = await ear.cluster(made, { k: words.clusters.length, starts: 1 });
    const told = clusters.map((c) => ({ ...c, words: c.words.map(({ word, z }) => [word, z]) }));
    const tags = (await ear.tags(made)).map((all) => all.map(({ tag, degree }) => [tag, degree]));
    line(sorted(told) === sorted(words.clusters), `${x}.words`, told.map(({ name }) => name).join(' / '));
    line(sorted(tags) === sorted(words.tags), `${x}.tags`, `${tags.flat().length} tags, of the first track: ${tags[0].map(([t]) => t).join(' ')}`);
  }

  async function compareMaps(got, name) {
    const { torn, words: _, ...facts } = await json(`${name}.json`);
    const places = floats(await load(`${name}.f32`));
    const { equal, text } = compareBits(places, got.xy);
    const same = Object.keys(facts).every((key) => Object.is(facts[key], got[key])) && torn.join() === [...got.torn].join();
    line(equal && same, name, `${text}, trustworthiness ${got.trustworthiness.toFixed(4)}, continuity ${got.continuity.toFixed(4)}`);
    got.xy[3] += 1e-6;
    line(!compareBits(places, got.xy).equal, name, 'a disturbed place is seen');
  }
}
