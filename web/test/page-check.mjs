// The built page in a browser: files become rows of numbers and a picture, also those that come before the wasm and those
// of dropped folders, a bad one becomes words, nothing leaves the machine, and what is loaded stays within the contract.
// Usage: node test/page-check.mjs CHROMIUM FOLDER writes screenshots instead of checking.

import { copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { brotliCompressSync, constants } from 'node:zlib';

import { compareRecords } from './compare.mjs';
import { patientPage } from './patient.mjs';
import { serve } from './server.mjs';

const vectors = fileURLToPath(new URL('../dist/vectors/', import.meta.url));
const bad = { name: 'letter.txt', mimeType: 'text/plain', buffer: Buffer.from('Dear Sir or Madam, this is no sound.') };
const tracks = fileURLToPath(new URL('../dist/tracks/', import.meta.url));
const records = JSON.parse(readFileSync(new URL('../dist/tracks.json', import.meta.url)).toString());
const track = ({ path }) => ({ name: path, mimeType: 'audio/*', buffer: readFileSync(tracks + path) });

/** Most that may be loaded before the first result, bytes after brotli. */
const MOST_BYTES = 600_000;

const good = (name) => ({ name, mimeType: 'audio/wav', buffer: readFileSync(vectors + name) });

/** Opens the page. */
async function enter(browser, { isolated, held, prepare }, size = { width: 1100, height: 760 }) {
  const server = await serve({ isolated, held });
  const page = await patientPage(browser, { viewport: size });
  if (prepare) await page.addInitScript(prepare);
  const seen = { requests: [], errors: [], loaded: new Map() };
  page.on('request', (r) => seen.requests.push(r.url()));
  page.on('response', (r) => seen.loaded.set(r.url(), r.body().catch(() => Buffer.alloc(0))));
  page.on('console', (m) => m.type() === 'error' && seen.errors.push(m.text()));
  page.on('pageerror', (e) => seen.errors.push(String(e)));
  await page.goto(`${server.url}/dist/page/`);
  return { page, server, seen };
}

/** Waits until the wasm runs. */
const ready = (page) => page.waitForFunction(() => document.querySelectorAll('#preset option').length > 0);

/** Opens the page, gives it files, and waits until the last one is through. */
async function visit(browser, { isolated, device, preset, prepare, files }, size) {
  const entered = await enter(browser, { isolated, prepare }, size);
  const { page } = entered;
  await ready(page);
  if (device) {
    await page.selectOption('#device', device);
    await page.waitForFunction(() => !document.querySelector('#machine').textContent.startsWith('Starting'));
  }
  if (preset) await page.selectOption('#preset', preset);
  await page.setInputFiles('#files', files);
  return finish(entered);
}

/** The rows as they are now, cell by cell. */
const rowsOf = (page) => page.$$eval('#list tr', (rows) => rows.map((row) => [...row.cells].map((c) => c.textContent)));

/** Waits until the last file is through. */
async function finish({ page, server, seen }) {
  await page.waitForFunction(() => {
    const rows = [...document.querySelectorAll('#list tr')];
    return rows.length > 0 && rows.every(({ dataset }) => dataset.state !== 'busy');
  });
  await page.waitForFunction(() => document.querySelector('#map').dataset.state !== 'busy');
  await page.waitForFunction(() => /bands|No spectrogram/.test(document.querySelector('#facts').textContent));
  const text = (id) => page.textContent(id);
  const said = { machine: await text('#machine'), facts: await text('#facts'), problem: await text('#problem') };
  const list = await rowsOf(page);
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

/** What a row must show of a record: name, status, length, tempo, key, loudness, brightness, onsets, harmonic, width; its cluster comes last. */
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

/** Whether a row shows a record. */
function shows(got, want) {
  const expected = cells(want);
  // A hint may follow the command's words.
  return got.length === expected.length + (want.descriptor === null ? 0 : 1) && expected.every((text, k) => (k === 1 ? got[k].startsWith(text) : got[k] === text));
}

/** What the page saves. */
async function savedBy(page) {
  const saving = page.waitForEvent('download');
  await page.click('#save');
  return readFileSync(await (await saving).path(), 'utf8').trim().split('\n').map(JSON.parse);
}

/** The tracks that have numbers, in the order of the command, with whole seconds. */
async function checkPlaylist(page, name, line) {
  const saving = page.waitForEvent('download');
  await page.click('#playlist');
  const lines = readFileSync(await (await saving).path(), 'utf8').trim().split('\n');
  const { want } = JSON.parse(readFileSync(new URL('../dist/collections/index.json', import.meta.url))).orders[0];
  const seconds = (path) => Math.round(records.find((record) => record.path === path).table.duration);
  const expected = want.sequence.flatMap((path) => [`#EXTINF:${seconds(path)},${path.replace(/\.[^.]*$/, '')}`, path]);
  line(JSON.stringify(lines) === JSON.stringify(['#EXTM3U', ...expected]), name, 'playlist', `${want.sequence.length} tracks`, lines[2]);
}

/** The map has a point for every track with numbers, says of each what its row says, and is walked by keys. */
async function checkMap({ page, list }, name, line) {
  // Once more, alone: what else a page does, such as taking files, is not the map's.
  await page.evaluate(() => {
    globalThis.longTasks = [];
    document.querySelector('#map').dataset.state = 'old';
  });
  await page.selectOption('#device', 'cpu');
  await page.waitForFunction(() => document.querySelector('#map').dataset.state === 'shown');
  const seen = await page.evaluate(() => {
    const all = (query) => [...document.querySelectorAll(query)];
    return {
      facts: document.querySelector('#map [role=status]').textContent,
      points: all('#map g').map((g) => g.getAttribute('aria-label')),
      titles: all('#map g title').map((title) => title.textContent),
      stops: all('#map g[tabindex="0"]').length,
      looks: all('#map g .mark').map((mark) => `${mark.getAttribute('d')} ${mark.getAttribute('class').replace(' torn', '')}`),
      legend: all('#map li').map((li) => li.textContent),
      longest: Math.max(0, ...(globalThis.longTasks ?? [])),
    };
  });
  const rows = list.filter((cells) => cells.length > 2 && cells.at(-1) !== '').map((cells) => `${cells[0]}: ${cells.at(-1)}`);
  const withNumbers = records.filter(({ descriptor }) => descriptor !== null).length;
  // A track that knows next to nothing has a cluster and no place.
  const [points, missing] = [new Set(seen.points), withNumbers - seen.points.length];
  line(rows.length === withNumbers && [...points].every((p) => rows.includes(p)) && missing <= 2, name, 'map', seen.facts, `${missing} without a place`);
  line(JSON.stringify(seen.titles) === JSON.stringify(seen.points) && seen.stops === 1, name, 'map', `${seen.stops} stop of the tab key`);
  const clusters = new Set(list.map((cells) => cells.at(-1)).filter((_, i) => records[i].descriptor !== null));
  clusters.delete('–');
  line(clusters.size === seen.legend.length, name, 'map', `legend: ${seen.legend.join(' / ')}`);
  line(new Set(seen.looks).size === new Set(seen.points.map((p) => p.slice(p.indexOf(': ') + 2))).size, name, 'map', 'a look for each cluster');
  await page.focus('#map g[tabindex="0"]');
  await page.keyboard.press('ArrowRight');
  const second = await page.evaluate(() => document.activeElement.getAttribute('aria-label'));
  await page.keyboard.press('Enter');
  const path = second.slice(0, second.indexOf(': '));
  await page.waitForFunction((path) => document.querySelector('#facts').textContent.startsWith(path), path);
  const current = await page.$eval('#list [aria-current=true]', (button) => button.textContent);
  line(second === seen.points[1] && current === path, name, 'map', 'by keys', current, `longest task while it was drawn again: ${seen.longest.toFixed(0)} ms`);
}

/** Every file at once: each row shows the numbers of the native program, and what is saved is its records. */
async function checkTracks(browser, isolated, line) {
  const name = isolated ? 'page, isolated, tracks' : 'page, tracks';
  const prepare = () => {
    globalThis.longTasks = [];
    const note = (list) => globalThis.longTasks.push(...list.getEntries().map(({ duration }) => duration));
    new PerformanceObserver(note).observe({ type: 'longtask', buffered: true });
  };
  const visitor = await visit(browser, { isolated, prepare, files: records.map(track) });
  line(visitor.list.length === records.length, name, `${visitor.list.length} rows`);
  for (const [i, want] of records.entries()) {
    const equal = shows(visitor.list[i], want);
    line(equal, name, visitor.list[i].join(' / '), ...(equal ? [] : [`expected ${cells(want).join(' / ')}`]));
  }
  await checkMap(visitor, name, line);
  await checkPlaylist(visitor.page, name, line);
  const saved = await savedBy(visitor.page);
  line(saved.length === records.length, name, `${saved.length} records saved`);
  for (const [i, want] of records.entries()) {
    const { equal, text } = compareRecords(want, saved[i]);
    line(equal, name, 'saved', want.path, text);
  }
  line(visitor.outside.length === 0, name, `requests to other places: ${visitor.outside.length}`);
  line(visitor.errors.length === 0, name, `errors in the console: ${visitor.errors.join('; ') || 'none'}`);
  await leave(visitor);
}

/** Files that are chosen while the wasm is still on its way wait for it, and then become rows and a picture. */
async function checkEarly(browser, line) {
  const name = 'page, files before the wasm';
  let release;
  const held = new Promise((resolve) => (release = resolve));
  const entered = await enter(browser, { isolated: false, held });
  const { page } = entered;
  const want = records.find(({ path }) => path === 'song-c-major.flac');
  await page.setInputFiles('#files', [track(want), bad]);
  await page.waitForFunction(() => document.querySelector('#progress').textContent !== '');
  const [machine, facts, early] = [await page.textContent('#machine'), await page.textContent('#facts'), await rowsOf(page)];
  line(machine === 'Starting …' && facts === `${want.path}: waiting …`, name, machine, facts);
  line(early.length === 2 && early.every((row) => row[1] === 'waiting'), name, early.map((row) => row[1]).join(' / '));
  release();
  const visitor = await finish(entered);
  line(shows(visitor.list[0], want), name, visitor.list[0].join(' / '));
  line(/^E_NOT_AUDIO: /.test(visitor.list[1][1]), name, visitor.list[1][1]);
  line(/bands × .* × real time/.test(visitor.said.facts), name, visitor.said.facts);
  line(visitor.errors.length === 0, name, `errors in the console: ${visitor.errors.join('; ') || 'none'}`);
  await leave(visitor);
}

/** More entries than a browser names at once. */
const MANY = 130;

/** Two albums whose tracks have the same names, a folder of many files, and what cannot be read, dropped together. */
async function checkDrop(browser, line) {
  const name = 'page, dropped folders';
  const folder = mkdtempSync(join(tmpdir(), 'earprint-drop-'));
  const songs = { 'album a/01.flac': 'song-c-major.flac', 'album b/01.flac': 'chords-a-minor.flac' };
  for (const inner of ['album a', 'album b/locked', 'letters']) mkdirSync(join(folder, inner), { recursive: true });
  for (const [to, from] of Object.entries(songs)) copyFileSync(tracks + from, join(folder, to));
  writeFileSync(join(folder, 'album a/locked.flac'), '');
  const letters = Array.from({ length: MANY }, (_, i) => `letters/${String(i).padStart(3, '0')}.txt`);
  for (const letter of letters) writeFileSync(join(folder, letter), bad.buffer);
  const entered = await enter(browser, {
    isolated: false,
    // Whoever may read everything, such as the superuser, meets no locked file: the browser is made to say so.
    prepare: () => {
      const locked = (_, no) => no(new DOMException('permission was denied', 'NotReadableError'));
      const lock = (entry) => {
        if (entry.isFile) return entry.name === 'locked.flac' ? Object.assign(entry, { file: locked }) : entry;
        const reader = entry.createReader();
        const readEntries = (yes, no) => reader.readEntries((some) => yes(some.map(lock)), no);
        return Object.assign(entry, { createReader: () => ({ readEntries: entry.name === 'locked' ? locked : readEntries }) });
      };
      const { webkitGetAsEntry } = DataTransferItem.prototype;
      DataTransferItem.prototype.webkitGetAsEntry = function () {
        return lock(webkitGetAsEntry.call(this));
      };
    },
  });
  const { page } = entered;
  await ready(page);
  const devtools = await page.context().newCDPSession(page);
  const data = { items: [], files: ['letters', 'album b', 'album a'].map((f) => join(folder, f)), dragOperationsMask: 1 };
  for (const type of ['dragEnter', 'dragOver', 'drop']) {
    await devtools.send('Input.dispatchDragEvent', { type, x: 300, y: 300, data });
  }
  const visitor = await finish(entered);
  const paths = ['album a/01.flac', 'album a/locked.flac', 'album b/01.flac', 'album b/locked', ...letters];
  const saved = await savedBy(page);
  for (const [what, got] of [['rows', visitor.list.map(([path]) => path)], ['saved', saved.map(({ path }) => path)]]) {
    line(JSON.stringify(got) === JSON.stringify(paths), name, what, String(got.length), got.slice(0, 6).join(' / '));
  }
  for (const [i, path] of paths.slice(0, 5).entries()) {
    const want = records.find((record) => record.path === songs[path]);
    const { equal, text } = want ? compareRecords({ ...want, path }, saved[i]) : { equal: false, text: saved[i].code };
    const code = path.includes('locked') ? 'E_IO' : 'E_NOT_AUDIO';
    const right = want ? equal && shows(visitor.list[i], { ...want, path }) : saved[i].code === code && visitor.list[i][1].startsWith(code);
    line(right, name, path, text, visitor.list[i][1]);
  }
  line(visitor.errors.length === 0, name, `errors in the console: ${visitor.errors.join('; ') || 'none'}`);
  await leave(visitor);
  rmSync(folder, { recursive: true });
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
    const map = await visitor.page.textContent('#map [role=status]');
    line(map === 'No map: it takes at least three tracks with numbers, and there is one.', name, map);
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
  await checkEarly(browser, line);
  await checkDrop(browser, line);
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
