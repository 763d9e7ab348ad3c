// The package in Node: one thread, in the calling one. Node has no WebGPU.

import { readFile } from 'node:fs/promises';

import { openCore, unreadable, type Engine, type Loader } from './core.js';
import { Earprint } from './earprint.js';
import type { EarprintError } from './errors.js';
import type { Raw } from './input.js';
import type { OpenOptions } from './types.js';

export { Earprint } from './earprint.js';
export { EarprintError } from './errors.js';
export type * from './types.js';

/** An instance that crashed stays loaded under its URL: the next one gets another. */
let generation = 0;

const loader: Loader = {
  glue: (variant) => import(new URL(`../pkg/${variant}/earprint.js?${generation}`, import.meta.url).href),
  wasm: (variant) => readFile(new URL(`../pkg/${variant}/earprint_bg.wasm`, import.meta.url)),
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
    try {
      return await this.#core.mel(opened, preset, dtype);
    } catch (error) {
      if ((error as EarprintError).code === 'E_CRASHED') generation += 1;
      throw error;
    }
  }

  dispose(): void {
    this.#core.dispose();
  }
}

async function readPath(raw: Raw): Promise<Raw> {
  if (!('path' in raw)) return raw;
  try {
    return { bytes: await readFile(raw.path), name: raw.name };
  } catch (error) {
    return unreadable(raw.path, error);
  }
}
