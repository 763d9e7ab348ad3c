// How long the job of 39,563 clips takes in wasm, compute alone, in Node and in Chromium.
// Usage: node test/bench.mjs [CHROMIUM]

import { readFileSync } from 'node:fs';

import { serve } from './server.mjs';

const FILES = 39_563;
const ROUNDS = 7;
const folder = new URL('../dist/vectors/', import.meta.url);
const { bench } = JSON.parse(readFileSync(new URL('index.json', folder)).toString());

/** Runs in Node and, as text, in a page: the best of some rounds, checked before the clock starts. */
async function measure(glue, wav, { preset, clips, checksum }, device, rounds) {
  const clip = new Int16Array(wav.slice(44));
  const run = await glue.Bench.open(device, preset, clip, clips);
  await run.run();
  if (run.checksum() !== checksum) return { error: `checksum ${run.checksum()}; expected ${checksum}` };
  let best = Infinity;
  for (let i = 0; i < rounds; i += 1) {
    const from = performance.now();
    await run.run();
    best = Math.min(best, performance.now() - from);
  }
  return { microseconds: (1000 * best) / clips };
}

function report(name, { error, microseconds }) {
  if (error) throw new Error(`${name}: ${error}`);
  const seconds = (microseconds * FILES) / 1e6;
  console.log(`${name} | ${microseconds.toFixed(1)} us a clip | ${seconds.toFixed(2)} s for ${FILES} clips`);
}

for (const variant of ['core', 'full']) {
  const { default: makeGlue } = await import(`../pkg/${variant}/earprint.js`);
  const glue = makeGlue();
  const wasm = readFileSync(new URL(`../pkg/${variant}/earprint_bg.wasm`, import.meta.url));
  await glue.init({ module_or_path: wasm });
  const wav = new Uint8Array(readFileSync(new URL(bench.wav, folder))).buffer;
  report(`node ${variant}, one thread`, await measure(glue, wav, bench, 'cpu', ROUNDS));
}

if (process.argv[2]) {
  const { chromium } = await import('playwright-core');
  const browser = await chromium.launch({ executablePath: process.argv[2], args: ['--no-sandbox'] });
  const server = await serve();
  const page = await browser.newPage();
  await page.goto(`${server.url}/test/page.html`);
  const run = `(async () => {
    const { default: makeGlue } = await import('/pkg/core/earprint.js');
    const glue = makeGlue();
    await glue.init({ module_or_path: new URL('/pkg/core/earprint_bg.wasm', location.href) });
    const wav = await (await fetch('/dist/vectors/${bench.wav}')).arrayBuffer();
    return (${measure})(glue, wav, ${JSON.stringify(bench)}, 'cpu', ${ROUNDS});
  })()`;
  report(`chromium ${browser.version()}, one thread`, await page.evaluate(run));
  await browser.close();
  server.close();
}
