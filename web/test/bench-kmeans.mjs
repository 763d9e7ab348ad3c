// k-means of 100,000 rows of 25 numbers in 64 clusters, 20 passes from given centres, on one thread in Node: the package beside `ml-kmeans`.
// Results are checked against each other before the clock starts. Usage: node test/bench-kmeans.mjs [ROUNDS]

import { kmeans } from 'ml-kmeans';

import { open } from 'earprint';

const [N, D, K, PASSES] = [100_000, 25, 64, 20];
const ROUNDS = Number(process.argv[2] ?? 3);

let random = 3;
const next = () => (random = (Math.imul(random, 1_664_525) + 1_013_904_223) >>> 0) / 2 ** 32;
const middles = Float32Array.from({ length: 40 * D }, () => 3 * next());
const values = Float32Array.from({ length: N * D }, (_, at) => {
  const hill = Math.floor(at / D) % 40;
  return next() + next() + next() + middles[hill * D + (at % D)];
});
const data = Array.from({ length: N }, (_, row) => [...values.subarray(row * D, row * D + D)]);
const first = data.filter((_, row) => row % 1559 === 0).slice(0, K);
const init = Float64Array.from(first.flat());

const ear = await open({ device: 'cpu', threads: 1 });
const ours = () => ear.cluster({ values, columns: D }, { init, maxIter: PASSES, scale: 'none' });
const theirs = (maxIterations) => kmeans(data, K, { initialization: first.map((row) => [...row]), maxIterations, tolerance: 0 });

/** Sum of squared distances of all rows to the centres of their labels. */
function inertia(labels, centre) {
  let sum = 0;
  for (let row = 0; row < N; row += 1) {
    const c = centre(labels[row]);
    for (let j = 0; j < D; j += 1) sum += (data[row][j] - c[j]) ** 2;
  }
  return sum;
}

async function best(run) {
  let least = Infinity;
  for (let i = 0; i < ROUNDS; i += 1) {
    const from = performance.now();
    await run();
    least = Math.min(least, performance.now() - from);
  }
  return least;
}

const [mine, other] = [await ours(), theirs(PASSES)];
const sums = [inertia(mine.labels, (c) => mine.centres.subarray(c * D, c * D + D)), inertia(other.clusters, (c) => other.centroids[c])];
if (Math.abs(sums[0] - mine.inertia) > 1e-6 * sums[0]) throw new Error(`inertia ${mine.inertia}; expected ${sums[0]}`);
// Both stand one assignment apart at most: the peer labels before it moves the centres for the last time.
if (Math.abs(sums[0] - sums[1]) > 1e-3 * sums[0]) throw new Error(`inertia ${sums[0]} and ${sums[1]} from the same start`);
const done = [mine.iterations, other.iterations];
const [a, b] = [await best(ours), await best(() => theirs(PASSES))];
const perPass = [a / done[0], b / done[1]];
console.log(`${N} x ${D}, k = ${K}, node ${process.version}, one thread, best of ${ROUNDS}`);
console.log(`earprint  | ${a.toFixed(0)} ms | ${done[0]} passes | ${perPass[0].toFixed(1)} ms a pass | inertia ${sums[0].toFixed(1)}`);
console.log(`ml-kmeans | ${b.toFixed(0)} ms | ${done[1]} passes | ${perPass[1].toFixed(1)} ms a pass | inertia ${sums[1].toFixed(1)}`);
console.log(`ratio     | ${(b / a).toFixed(2)} of the whole | ${(perPass[1] / perPass[0]).toFixed(2)} a pass`);
ear.dispose();
