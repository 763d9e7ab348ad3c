// The package in a real browser: one thread, threads, and WebGPU, each against the bits of the native program.
// Usage: node test/browser.mjs CHROMIUM

import { readFileSync } from 'node:fs';

import { chromium } from 'playwright-core';

import { checkCrashes } from './browser-crash.mjs';
import { compareBits, compareRecords, floats } from './compare.mjs';
import { checkPage } from './page-check.mjs';
import { patientPage } from './patient.mjs';
import { serve } from './server.mjs';

const folder = new URL('../dist/vectors/', import.meta.url);
const { cases } = JSON.parse(readFileSync(new URL('index.json', folder)).toString());

const records = JSON.parse(readFileSync(new URL('../dist/tracks.json', import.meta.url)).toString());

const FLAGS = [
  '--no-sandbox',
  '--enable-unsafe-webgpu',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  '--no-first-run',
];

const RUNNERS = [
  { name: 'one thread', isolated: false, options: { device: 'cpu' }, expect: { backend: 'cpu', threads: 1 } },
  { name: 'one thread, wav', isolated: false, options: { decoders: 'wav' }, expect: { backend: 'cpu', decoders: 'wav' } },
  { name: 'threads', isolated: true, options: { device: 'cpu', threads: 2 }, expect: { backend: 'cpu', threads: 2 } },
  // No GPU but a software one: `auto` must not take it.
  { name: 'threads, auto', isolated: true, options: { threads: 2 }, expect: { backend: 'cpu', threads: 2 } },
  { name: 'webgpu', isolated: false, options: { device: 'webgpu' }, expect: { backend: 'webgpu' } },
  { name: 'webgpu, isolated', isolated: true, options: { device: 'webgpu' }, expect: { backend: 'webgpu' } },
];

/** Opens the package in a page and computes every case; values come back as base64. */
async function compute(page, options) {
  return page.evaluate(
    async ({ options, cases }) => {
      const ear = await globalThis.open_earprint(options);
      const results = [];
      for (const { wav, preset } of cases) {
        const blob = await (await fetch(`/dist/vectors/${wav}`)).blob();
        const { values, backend } = await ear.mel(blob, { preset });
        const bytes = new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
        let text = '';
        for (let i = 0; i < bytes.length; i += 32_768) text += String.fromCharCode(...bytes.subarray(i, i + 32_768));
        results.push({ backend, base64: btoa(text) });
      }
      const info = ear.info();
      ear.dispose();
      return { info, results };
    },
    { options, cases },
  );
}

/** Describes files of `dist/tracks` in a page: a record, or `{code, detail}`. */
async function describe(page, options, names) {
  return page.evaluate(
    async ({ options, names }) => {
      const ear = await globalThis.open_earprint(options);
      const files = names.map(async (name) => new File([await (await fetch(`/dist/tracks/${name}`)).blob()], name));
      const results = [];
      for await (const each of ear.describeEach(await Promise.all(files))) {
        results.push(each instanceof Error ? { path: each.file, code: each.code, detail: each.message } : each);
      }
      ear.dispose();
      return results;
    },
    { options, names },
  );
}

/** Holds a runner's records against those of the native program. */
async function checkRecords(page, name, options) {
  // Without codecs only WAV is read.
  const wanted = records.filter(({ path }) => options.decoders !== 'wav' || path.endsWith('.wav'));
  const got = await describe(page, options, wanted.map(({ path }) => path));
  line(got.length === wanted.length, name, `${got.length} of ${wanted.length} records`);
  for (const [i, want] of wanted.entries()) {
    if (want.descriptor === null) {
      // A build without codecs expects less, in other words.
      const same = ['path', 'code', ...(options.decoders === 'wav' ? [] : ['detail'])];
      line(same.every((key) => got[i][key] === want[key]), name, want.path, String(got[i].code));
      continue;
    }
    const { equal, text } = compareRecords(want, got[i]);
    line(equal, name, want.path, want.decoder, text);
  }
}

/** Holds a runner's clusters, on the CPU also maps, words and orders, against those of the native program. */
async function checkCollections(page, name, options, backend) {
  const lines = await page.evaluate(async ({ options, backend }) => {
    const { runCollections } = await import('/test/collections-run.mjs');
    const ear = await globalThis.open_earprint(options);
    const load = async (file) => new Uint8Array(await (await fetch(`/dist/${file}`)).arrayBuffer());
    const lines = [];
    await runCollections(ear, load, (...cells) => lines.push(cells), backend);
    lines.push([ear.info().events.length === 0, 'events', ear.info().events.join('; ') || 'none']);
    ear.dispose();
    return lines;
  }, { options, backend });
  for (const [ok, ...cells] of lines) line(ok, name, ...cells);
}

/** An abort is heard at once, and where the page is isolated it ends the job: the next call would else wait for minutes. */
async function checkCollectionAbort(page, name) {
  const said = await page.evaluate(async () => {
    const ear = await globalThis.open_earprint({ device: 'cpu', threads: 2 });
    const values = Float32Array.from({ length: 100_000 * 25 }, (_, i) => ((i * 40_503) % 9973) / 7);
    const abort = new AbortController();
    let from;
    const onProgress = () => {
      from ??= performance.now();
      abort.abort();
    };
    const options = { k: 64, starts: globalThis.crossOriginIsolated ? 1000 : 1, maxIter: 5, signal: abort.signal, onProgress };
    const error = await ear.cluster({ values, columns: 25 }, options).then(() => 'none', (e) => e.name);
    const heard = performance.now() - from;
    const { k } = await ear.cluster({ values: Float32Array.of(1, 2, 9), columns: 1 }, { k: 2 });
    const next = performance.now() - from;
    ear.dispose();
    return { error, heard, next, k, kept: values.length };
  });
  const times = `heard after ${said.heard.toFixed(0)} ms, the next call answered after ${said.next.toFixed(0)} ms`;
  line(said.error === 'AbortError' && said.k === 2 && said.kept === 2_500_000, name, 'abort of clusters', said.error, times);
}

async function behaviour(page) {
  return page.evaluate(async (wav) => {
    const said = {};
    const code = (promise) => promise.then(() => 'none', (e) => (e instanceof DOMException ? e.name : e.code));
    const ear = await globalThis.open_earprint({ device: 'cpu' });
    said.notAudio = await code(ear.mel(new Blob(['this is no sound'])));
    said.path = await code(ear.mel('a path'));
    const abort = new AbortController();
    const bytes = new Uint8Array(await (await fetch(`/dist/vectors/${wav}`)).arrayBuffer());
    const under = code(ear.mel(bytes, { signal: abort.signal }));
    abort.abort();
    said.abort = await under;
    said.kept = bytes.byteLength > 0;
    said.after = await code(ear.mel(bytes, { preset: 'leak' }));
    const long = new File([await (await fetch('/dist/tracks/long.wav')).blob()], 'long.wav');
    said.trackPath = await code(ear.describe('a path'));
    const stop = new AbortController();
    said.trackAbort = await code(ear.describe(long, { signal: stop.signal, onProgress: () => stop.abort() }));
    const order = [];
    const parts = [];
    const track = ear.describe(long, { onProgress: ({ part }) => parts.push(part) }).then(() => order.push('track'));
    await ear.mel(bytes, { preset: 'leak' }).then(() => order.push('mel'));
    await track;
    said.order = order.join();
    said.parts = parts.length > 3;
    const late = code(ear.mel(bytes));
    ear.dispose();
    said.disposed = await late;
    said.trackDisposed = await code(ear.describe(long));
    said.device = await code(globalThis.open_earprint({ device: 'abacus' }));
    return said;
  }, cases[0].wav);
}

const BEHAVIOUR = {
  notAudio: 'E_NOT_AUDIO',
  path: 'E_INPUT',
  abort: 'AbortError',
  kept: true,
  after: 'none',
  trackPath: 'E_INPUT',
  trackAbort: 'AbortError',
  order: 'mel,track',
  parts: true,
  disposed: 'E_DISPOSED',
  trackDisposed: 'E_DISPOSED',
  device: 'E_DEVICE',
};

let failed = 0;
const line = (ok, ...cells) => {
  if (!ok) failed += 1;
  console.log(`${ok ? 'ok  ' : 'FAIL'} ${cells.join(' | ')}`);
};

const browser = await chromium.launch({ executablePath: process.argv[2], args: FLAGS });
console.log(`chromium ${browser.version()}`);
const servers = { true: await serve({ isolated: true }), false: await serve({ isolated: false }) };
try {
  for (const { name, isolated, options, expect } of RUNNERS) {
    const page = await patientPage(browser);
    page.on('console', (m) => console.log(`     page: ${m.text()}`));
    page.on('pageerror', (e) => line(false, name, String(e)));
    await page.goto(`${servers[isolated].url}/test/page.html`);
    await page.waitForFunction(() => globalThis.ready);
    try {
      const { info, results } = await compute(page, options);
      const wrong = Object.entries(expect).filter(([key, value]) => info[key] !== value);
      line(wrong.length === 0, name, `${info.backend}: ${info.device} (${info.why})`, ...info.events);
      cases.forEach(({ clip, preset, values }, i) => {
        const got = floats(Buffer.from(results[i].base64, 'base64'));
        const want = floats(readFileSync(new URL(values, folder)));
        const { equal, text } = compareBits(want, got);
        line(equal && results[i].backend === expect.backend, name, clip, preset, results[i].backend, text);
        if (i === 0) {
          got[3] += 1;
          line(!compareBits(want, got).equal, name, 'a disturbed value is seen');
        }
      });
      await checkRecords(page, name, options);
      if (options.device !== undefined) await checkCollections(page, name, options, info.backend);
      if (options.device === 'cpu') await checkCollectionAbort(page, name);
    } catch (error) {
      line(false, name, String(error));
    }
    await page.close();
  }
  const page = await patientPage(browser);
  await page.goto(`${servers[false].url}/test/page.html`);
  await page.waitForFunction(() => globalThis.ready);
  const said = await behaviour(page);
  for (const [key, want] of Object.entries(BEHAVIOUR)) line(said[key] === want, 'behaviour', key, said[key]);
  await page.close();
  await checkCrashes(browser, line);
  await checkPage(browser, line);
} finally {
  await browser.close();
  Object.values(servers).forEach((server) => server.close());
}
if (failed > 0) {
  console.error(`${failed} checks failed`);
  process.exitCode = 1;
}
