// Damaged files through the package, in a worker thread that can be ended where the wasm hangs. Tells the number of
// each before it begins, and what became of it after.

import { parentPort, workerData } from 'node:worker_threads';

import { EarprintError, open } from 'earprint';

import { mutant, seeds } from './fuzz.mjs';

/** A whole file between so many damaged ones. */
const CHECK_EVERY = 50;

const { first, count } = workerData;
const all = seeds();
const ear = await open();
const good = all.find(({ name }) => name === 'chords.ogg').bytes;
const ofGood = async () => {
  const mel = await ear.mel(good);
  return JSON.stringify([mel.shape, Buffer.from(mel.values.buffer).toString('base64'), await ear.describe(good)]);
};
const want = await ofGood();

/** The code of an outcome, or what is wrong with it. */
async function outcome(verb, { name, bytes }) {
  const input = new File([bytes], name);
  try {
    const got = await ear[verb](input);
    const values = verb === 'mel' ? got.values.length > 0 : got.descriptor !== null && got.status !== undefined;
    return values ? 'ok' : `FAIL: ${verb} returned ${JSON.stringify(got).slice(0, 200)}`;
  } catch (thrown) {
    if (!(thrown instanceof EarprintError)) return `FAIL: ${verb} threw ${thrown?.stack ?? thrown}`;
    const { code, message, file } = thrown;
    const told = /^E_[A-Z_]+$/.test(code) && message !== '' && file === name;
    if (!told) return `FAIL: ${verb} threw ${code} ${message}`;
    return thrown.code === 'E_CRASHED' ? `FAIL: ${verb} crashed: ${thrown.message}` : thrown.code;
  }
}

for (let number = first; number < first + count; number += 1) {
  const input = mutant(number, all);
  parentPort.postMessage({ number, name: input.name, done: input.done });
  const verbs = {};
  for (const verb of ['describe', 'mel']) verbs[verb] = await outcome(verb, input);
  const alive = (number + 1) % CHECK_EVERY !== 0 || (await ofGood()) === want;
  parentPort.postMessage({ number, verbs, alive, rss: process.memoryUsage.rss(), events: ear.info().events.length });
}
ear.dispose();
