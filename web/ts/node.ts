// The package in Node: one thread, in the calling one. Node has no WebGPU.

import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import { readFile } from 'node:fs/promises';

import type { CollectionJob } from './collection.js';
import { COLLECTIONS, type CollectionVariant } from './collections.js';
import { openCore, unreadable, type CollectionWatch, type Described, type Engine, type Loader, type Watch } from './core.js';
import { Earprint } from './earprint.js';
import { EarprintError } from './errors.js';
import type { Raw } from './input.js';
import { VARIANTS, keepModules, type Variant } from './instance.js';
import { openSource, type Source } from './source.js';
import type { OpenOptions } from './types.js';

export { Earprint } from './earprint.js';
export { EarprintError } from './errors.js';
export type * from './collection.js';
export type * from './track.js';
export type * from './types.js';

const compile = async (url: URL) => WebAssembly.compile(await readFile(url));

const loader: Loader = {
  glue: (variant) => VARIANTS[variant].glue(),
  wasm: keepModules((variant: Variant) => compile(VARIANTS[variant].wasm())),
  collectionGlue: (variant) => COLLECTIONS[variant].glue(),
  collectionWasm: keepModules((variant: CollectionVariant) => compile(COLLECTIONS[variant].wasm())),
  source: (raw) => ('path' in raw ? ofPath(raw.path) : openSource(raw)),
};

/** Opens the CPU. */
export async function open(options: OpenOptions = {}): Promise<Earprint> {
  return new Earprint(new NodeEngine(await openCore(options, 1, loader)));
}

/** Reads paths, then computes as everywhere. */
class NodeEngine implements Engine {
  readonly #core: Engine;

  constructor(core: Engine) {
    this.#core = core;
  }

  get info() {
    return this.#core.info;
  }

  get presets() {
    return this.#core.presets;
  }

  async mel(inputs: Raw[], preset: string, dtype: string) {
    const opened = await Promise.all(inputs.map(readPath));
    return this.#core.mel(opened, preset, dtype);
  }

  describe(raw: Raw, watch: Watch): Promise<Described> {
    return this.#core.describe(raw, watch);
  }

  collect(job: CollectionJob, watch: CollectionWatch): Promise<unknown> {
    return this.#core.collect(job, watch);
  }

  dispose(): void {
    this.#core.dispose();
  }
}

/** A file that is read piece by piece. */
function ofPath(path: string): Source {
  let file: number;
  try {
    file = openSync(path, 'r');
  } catch (error) {
    throw new EarprintError('E_IO', `cannot read ${path}: ${(error as Error).message}`);
  }
  const read = (at: number, length: number) => {
    const out = new Uint8Array(length);
    return out.subarray(0, readSync(file, out, 0, length, at));
  };
  return { bytes: fstatSync(file).size, read, close: () => closeSync(file) };
}

async function readPath(raw: Raw): Promise<Raw> {
  if (!('path' in raw)) return raw;
  try {
    return { bytes: await readFile(raw.path), name: raw.name };
  } catch (error) {
    return unreadable(raw.path, error);
  }
}
