// Inputs that trap in a browser: the worker opens another instance, with threads and a GPU where it had them, and a
// worker that is lost is replaced by the page.

import { patientPage } from './patient.mjs';
import { serve } from './server.mjs';

const BEFORE = { '/dist/worker.js': `import '../test/trap-worker.mjs';\n` };

const RUNNERS = [
  { name: 'one thread', isolated: false, options: { device: 'cpu' } },
  { name: 'threads', isolated: true, options: { device: 'cpu', threads: 2 } },
  { name: 'webgpu', isolated: false, options: { device: 'webgpu' } },
];

/** In a page: what good and bad inputs become, and whether the good ones have the values that they had before. */
async function crash(options) {
  const ear = await globalThis.open_earprint(options);
  const file = async (name) => new File([await (await fetch(`/test/sounds/${name}`)).blob()], name);
  const [a, b] = [await file('song.mp3'), await file('chords.ogg')];
  const bad = new File(['TRAP, and more bytes than a header has ', new Uint8Array(4096)], 'bad.wav');
  const lost = new File(['LOST, and more bytes than a header has ', new Uint8Array(4096)], 'lost.wav');
  const all = async (each) => {
    const out = [];
    for await (const one of each) out.push(one);
    return out;
  };
  const text = (one) => (one instanceof Error ? one.code : JSON.stringify(one.descriptor ?? [...new Uint32Array(one.values.buffer)]));
  const fresh = { mel: (await all(ear.melEach([a, b]))).map(text), record: (await all(ear.describeEach([a, b]))).map(text) };
  const { threads, backend } = ear.info();
  const name = (kind) => (one) => {
    const at = fresh[kind].indexOf(text(one));
    return at >= 0 ? 'ab'[at] : `${text(one).slice(0, 40)} ${one.file}`;
  };
  const said = {};
  said.records = (await all(ear.describeEach([a, bad, b, a]))).map(name('record')).join();
  said.mels = (await all(ear.melEach([a, b, bad, a, bad, b]))).map(name('mel')).join();
  // A worker that is lost takes the calls with it that wait for it.
  said.lost = (await all(ear.describeEach([a, lost, b]))).map(name('record')).join();
  const now = ear.info();
  said.same = now.threads === threads && now.backend === backend && threads === (options.threads ?? 1);
  said.events = now.events.length;
  ear.dispose();
  return said;
}

const TRAPPED = 'E_OUT_OF_MEMORY bad.wav';

export async function checkCrashes(browser, line) {
  for (const { name, isolated, options } of RUNNERS) {
    const server = await serve({ isolated, before: BEFORE });
    const page = await patientPage(browser);
    const console = [];
    page.on('console', (message) => console.push(message.text()));
    page.on('pageerror', (error) => console.push(String(error)));
    try {
      await page.goto(`${server.url}/test/page.html`);
      await page.waitForFunction(() => globalThis.ready);
      const said = await page.evaluate(crash, options);
      line(said.records === `a,${TRAPPED},b,a`, 'crash', name, 'records', said.records);
      line(said.mels === `a,b,${TRAPPED},a,${TRAPPED},b`, 'crash', name, 'mels', said.mels);
      line(said.lost === 'a,E_CRASHED lost.wav,b', 'crash', name, 'a lost worker', said.lost);
      line(said.same && said.events >= 3, 'crash', name, `${said.events} events, threads and device as before: ${said.same}`);
      line(console.length === 0, 'crash', name, 'nothing on the console', ...console);
    } catch (error) {
      line(false, 'crash', name, String(error), ...console);
    }
    await page.close();
    server.close();
  }
}
