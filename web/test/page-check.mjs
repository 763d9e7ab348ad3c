// The built page in a browser: a file becomes a picture with facts, a bad one becomes words, nothing leaves the machine.
// Usage: node test/page-check.mjs CHROMIUM FOLDER writes screenshots instead of checking.

import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

import { serve } from './server.mjs';

const vectors = fileURLToPath(new URL('../dist/vectors/', import.meta.url));
const bad = { name: 'letter.txt', mimeType: 'text/plain', buffer: Buffer.from('Dear Sir or Madam, this is no sound.') };
const good = (name) => ({ name, mimeType: 'audio/wav', buffer: readFileSync(vectors + name) });

/** Opens the page, gives it files, and waits until the last one is through. */
async function visit(browser, { isolated, device, preset, files }, size = { width: 1100, height: 760 }) {
  const server = await serve({ isolated });
  const page = await browser.newPage({ viewport: size });
  const seen = { requests: [], errors: [] };
  page.on('request', (r) => seen.requests.push(r.url()));
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
    [...document.querySelectorAll('#list li button')].every((row) => !/^$|computing/.test(row.lastChild.textContent)),
  );
  const text = (id) => page.textContent(id);
  const said = { machine: await text('#machine'), facts: await text('#facts'), problem: await text('#problem') };
  const list = await page.$$eval('#list button', (rows) => rows.map((row) => row.lastChild.textContent));
  const outside = seen.requests.filter((url) => !url.startsWith(server.url) && !/^(data|blob):/.test(url));
  return { page, server, said, list, outside, errors: seen.errors };
}

async function leave({ page, server }) {
  await page.close();
  server.close();
}

/** Checks; `line(ok, …cells)` takes each result. */
export async function checkPage(browser, line) {
  const wav = 'varied-22050.22050.wav';
  for (const isolated of [false, true]) {
    const visitor = await visit(browser, { isolated, files: [good(wav), bad] });
    const { said, list, outside, errors } = visitor;
    const name = isolated ? 'page, isolated' : 'page';
    line(/^CPU: \d+ threads?, simd128/.test(said.machine), name, said.machine);
    line(/128 bands × 130 frames .* × real time/.test(said.facts), name, said.facts);
    line(/not an audio file/.test(list[1]), name, list[1]);
    line(outside.length === 0, name, `requests to other places: ${outside.length}`);
    line(errors.length === 0, name, `errors in the console: ${errors.join('; ') || 'none'}`);
    const dark = await visitor.page.evaluate(() => {
      const canvas = document.querySelector('canvas');
      const { data } = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height);
      return new Set(new Uint32Array(data.buffer)).size;
    });
    line(dark > 100, name, `${dark} colours in the picture`);
    await leave(visitor);
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
    ['wide', { isolated: true, files: [good('varied-22050.22050.wav'), good('varied-16000.16000.wav'), bad] }],
    ['narrow', { isolated: false, preset: 'whisper', files: [good('varied-16000.16000.wav')] }, { width: 420, height: 760 }],
    ['bad', { isolated: false, files: [bad] }],
  ];
  for (const [name, visitor, size] of shots) {
    const visited = await visit(browser, visitor, size);
    await visited.page.screenshot({ path: `${process.argv[3]}/${name}.png` });
    console.log(name, visited.said, visited.list, visited.errors);
    await leave(visited);
  }
  await browser.close();
}
