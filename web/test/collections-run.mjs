// What Node and pages ask of an opened package, and how it is held against the native program: clusters, maps, and words of all cases.

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

/** Calls `line(ok, what, text)` for every comparison. `load(name)` resolves to the bytes of a file of `dist/collections`. */
export async function runCollections(ear, load, line) {
  const json = async (name) => JSON.parse(new TextDecoder().decode(await load(name)));
  const { cases, sets, dimensions } = await json('index.json');
  const rowsOf = async (x) => {
    const { values, shape } = npy(await load(`${x}.x.npy`));
    return { values, columns: shape[1] };
  };
  for (const { x, init, options, want } of cases) {
    const first = init ? { init: npy(await load(`${x}.init.npy`)).values } : {};
    const got = await ear.cluster(await rowsOf(x), { ...options, ...first });
    const { equal, text } = compareClusterings(want, got);
    line(equal && got.backend === 'cpu', `cluster ${x} ${JSON.stringify(options)}`, text);
    // One label is enough to be seen.
    got.labels[5] += 1;
    line(!compareClusterings(want, got).equal, `cluster ${x}`, 'a disturbed label is seen');
  }
  for (const x of sets) {
    const rows = await rowsOf(x);
    await compareMaps(await ear.map(rows), `${x}.map`);
    if (rows.columns !== dimensions.length) continue;
    const records = recordsOf(rows.values, dimensions);
    await compareMaps(await ear.map(records), `${x}.tracks.map`);
    const { words } = await json(`${x}.tracks.map.json`);
    const { clusters } = await ear.cluster(records, { k: words.clusters.length, starts: 1 });
    const told = clusters.map((c) => ({ ...c, words: c.words.map(({ word, z }) => [word, z]) }));
    const tags = (await ear.tags(records)).map((all) => all.map(({ tag, degree }) => [tag, degree]));
    const sorted = (value) => JSON.stringify(value, (_, v) => (v && !Array.isArray(v) && typeof v === 'object' ? Object.fromEntries(Object.entries(v).sort()) : v));
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
