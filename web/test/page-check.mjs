// The built page in a browser: files become rows of numbers and a picture, a bad one becomes words, nothing leaves the
// machine, and what is loaded stays within the contract.
// Usage: node test/page-check.mjs CHROMIUM FOLDER writes screenshots instead of checking.

import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { brotliCompressSync, constants } from 'node:zlib';

import { compareRecords } from './compare.mjs';
import { serve } from './server.mjs';

const vectors = fileURLToPath(new URL('../dist/vectors/', import.meta.url));
const bad = { name: 'letter.txt', mimeType: 'text/plain', buffer: Buffer.from('Dear Sir or Madam, this is no sound.') };
const tracks = fileURLToPath(new URL('../dist/tracks/', import.meta.url));
const records = JSON.parse(readFileSync(new URL('../dist/tracks.json', import.meta.url)).toString());
const track = ({ path }) => ({ name: path, mimeType: 'audio/*', buffer: readFileSync(tracks + path) });

/** Most that may be loaded before the first result, bytes after brotli. */
const MOST_BYTES = 600_000;

const good = (name) => ({ name, mimeType: 'audio/wav', buffer: readFileSync(vectors + name) });

/** Opens the page, gives it files, and waits until the last one is through. */
async function visit(browser, { isolated, device, preset, files }, size = { width: 1100, height: 760 }) {
  const server = await serve({ isolated });
  const page = await browser.newPage({ viewport: size });
  const seen = { requests: [], errors: [], loaded: new Map() };
  page.on('request', (r) => seen.requests.push(r.url()));
  page.on('response', (r) => seen.loaded.set(r.url(), r.body().catch(() => Buffer.alloc(0))));
  page.on('console', (m) => m.type() === 'error' && seen.errors.push(m.text()));
  page.on('pageerror', (e) => seen.errors.push(String(e)));
  await page.goto(`${server.url}/dist/page/`);
  await page.waitForFunction(() => document.querySelectorAll('#preset option').length > 0);
  if (device) {
    await page.selectOption('#device', device);
    await page.waitForFunction(() => !document.querySelector('#machine').textContent.startsWith('Starting'));
  }
  if (preset) await page.selectOption('#preset', preset);
  await page.setInputFiles('#files', files);
  await page.waitForFunction(() =>
    [...document.querySelectorAll('#list tr')].every(({ dataset }) => dataset.state !== 'busy'),
  );
  await page.waitForFunction(() => /bands|No spectrogram/.test(document.querySelector('#facts').textContent));
  const text = (id) => page.textContent(id);
  const said = { machine: await text('#machine'), facts: await text('#facts'), problem: await text('#problem') };
  const list = await page.$$eval('#list tr', (rows) => rows.map((row) => [...row.cells].map((c) => c.textContent)));
  const outside = seen.requests.filter((url) => !url.startsWith(server.url) && !/^(data|blob):/.test(url));
  return { page, server, said, list, outside, errors: seen.errors, loaded: seen.loaded };
}

async function leave({ page, server }) {
  await page.close();
  server.close();
}

/** Bytes that were loaded, after brotli. */
async function weigh(loaded) {
  const bodies = await Promise.all(loaded.values());
  const params = { [constants.BROTLI_PARAM_QUALITY]: 11, [constants.BROTLI_PARAM_LGWIN]: 24 };
  return bodies.reduce((sum, body) => sum + brotliCompressSync(body, { params }).length, 0);
}

/** What a row must show of a record: name, status, length, tempo, key, loudness, brightness, onsets, harmonic, width. */
function cells({ path, status, code, detail, descriptor: d, table: t }) {
  if (d === null) return [path, `${code}: ${detail}`];
  const fixed = (value, digits) => {
    const form = { minimumFractionDigits: digits, maximumFractionDigits: digits };
    return value === null ? '–' : value.toLocaleString('en', form);
  };
  const percent = (value) => fixed(value === null ? null : 100 * value, 0);
  const length = `0:${t.duration.toFixed(1).padStart(4, '0')}`;
  const levels = [fixed(d.loudness, 1), fixed(d.centroid, 0), fixed(d.onset_rate, 1)];
  const key = t.key === null ? '–' : `${t.key} ${t.mode}`;
  const shares = [percent(d.harmonic_ratio), percent(d.stereo_width)];
  const said = detail === null ? status : `${status}: ${detail}`;
  return [path, said, length, fixed(d.tempo, 1), key, ...levels, ...shares];
}

/** Every file at once: each row shows the numbers of the native program, and what is saved is its records. */
async function checkTracks(browser, isolated, line) {
  const name = isolated ? 'page, isolated, tracks' : 'page, tracks';
  const visitor = await visit(browser, { isolated, files: records.map(track) });
  line(visitor.list.length === records.length, name, `${visitor.list.length} rows`);
  for (const [i, want] of records.entries()) {
    const [got, expected] = [visitor.list[i], cells(want)];
    // A hint may follow the command's words.
    const equal = got.length === expected.length && expected.every((text, k) => (k === 1 ? got[k].startsWith(text) : got[k] === text));
    line(equal, name, got.join(' / '), ...(equal ? [] : [`expected ${expected.join(' / ')}`]));
  }
  const saving = visitor.page.waitForEvent('download');
  await visitor.page.click('#save');
  const saved = readFileSync(await (await saving).path(), 'utf8').trim().split('\n').map(JSON.parse);
  line(saved.length === records.length, name, `${saved.length} records saved`);
  for (const [i, want] of records.entries()) {
    const { near, text } = compareRecords(want, saved[i]);
    line(near, name, 'saved', want.path, text);
  }
  line(visitor.outside.length === 0, name, `requests to other places: ${visitor.outside.length}`);
  line(visitor.errors.length === 0, name, `errors in the console: ${visitor.errors.join('; ') || 'none'}`);
  await leave(visitor);
}

/** Checks; `line(ok, …cells)` takes each result. */
export async function checkPage(browser, line) {
  const wav = 'varied-22050.22050.wav';
  for (const isolated of [false, true]) {
    const visitor = await visit(browser, { isolated, files: [good(wav), bad] });
    const { said, list, outside, errors, loaded } = visitor;
    const name = isolated ? 'page, isolated' : 'page';
    line(/^CPU: \d+ threads?, simd128/.test(said.machine), name, said.machine);
    line(/128 bands × 130 frames .* × real time/.test(said.facts), name, said.facts);
    line(/^E_NOT_AUDIO: not an audio file/.test(list[1][1]), name, list[1][1]);
    const weight = await weigh(loaded);
    line(weight <= MOST_BYTES, name, `${weight} bytes to the first result, after brotli`);
    line(outside.length === 0, name, `requests to other places: ${outside.length}`);
    line(errors.length === 0, name, `errors in the console: ${errors.join('; ') || 'none'}`);
    const dark = await visitor.page.evaluate(() => {
      const canvas = document.querySelector('canvas');
      const { data } = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height);
      return new Set(new Uint32Array(data.buffer)).size;
    });
    line(dark > 100, name, `${dark} colours in the picture`);
    await leave(visitor);
    await checkTracks(browser, isolated, line);
  }
  const visitor = await visit(browser, { isolated: false, device: 'webgpu', files: [good(wav)] });
  line(/^WebGPU: /.test(visitor.said.machine), 'page, webgpu', visitor.said.machine);
  line(/by earprint-wav and WebGPU/.test(visitor.said.facts), 'page, webgpu', visitor.said.facts);
  await leave(visitor);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const { chromium } = await import('playwright-core');
  const args = ['--no-sandbox', '--enable-unsafe-webgpu'];
  const browser = await chromium.launch({ executablePath: process.argv[2], args });
  const shots = [
    ['wide', { isolated: true, files: [...records.slice(0, 9).map(track), bad] }],
    ['narrow', { isolated: false, preset: 'whisper', files: [good('varied-16000.16000.wav')] }, { width: 420, height: 760 }],
    ['bad', { isolated: false, files: [bad] }],
  ];
  for (const [name, visitor, size] of shots) {
    const visited = await visit(browser, visitor, size);
    await visited.page.screenshot({ path: `${process.argv[3]}/${name}.png`, fullPage: true });
    console.log(name, visited.said, visited.list, visited.errors);
    await leave(visited);
  }
  await browser.close();
}
