// A small static server for tests: the files of `web/`, isolated (COOP and COEP) on one port and not on the other.

import { createReadStream, statSync } from 'node:fs';
import { createServer } from 'node:http';
import { extname, join, normalize } from 'node:path';
import { fileURLToPath } from 'node:url';

const ROOT = fileURLToPath(new URL('..', import.meta.url));

const TYPES = {
  '.css': 'text/css',
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript',
  '.mjs': 'text/javascript',
  '.json': 'application/json',
  '.wasm': 'application/wasm',
  '.wav': 'audio/wav',
};

const ISOLATED = {
  'Cross-Origin-Opener-Policy': 'same-origin',
  'Cross-Origin-Embedder-Policy': 'require-corp',
};

/**
 * Serves `web/` on a free port; resolves to `{url, close}`. No wasm is sent before `held` resolves. `before` is text
 * that is sent before a file's own, by its path.
 */
export function serve({ isolated = false, root = ROOT, held, before = {} } = {}) {
  const server = createServer(async (request, response) => {
    const path = normalize(decodeURIComponent(new URL(request.url, 'http://host').pathname));
    const file = join(root, path.endsWith('/') ? `${path}index.html` : path);
    let size;
    try {
      size = statSync(file).size;
    } catch {
      response.writeHead(404).end();
      return;
    }
    if (extname(file) === '.wasm') await held;
    const type = TYPES[extname(file)] ?? 'application/octet-stream';
    const first = before[path] ?? '';
    const headers = { 'Content-Type': type, 'Content-Length': size + first.length, 'Cache-Control': 'no-store' };
    response.writeHead(200, isolated ? { ...headers, ...ISOLATED } : headers);
    response.write(first);
    createReadStream(file).pipe(response);
  });
  return new Promise((resolve) => {
    server.listen(0, '127.0.0.1', () => {
      resolve({ url: `http://127.0.0.1:${server.address().port}`, close: () => server.close() });
    });
  });
}
