// A worker that lends itself to the thread pool of another one's instance, over the same memory, until it is ended.

import { COLLECTIONS } from './collections.js';
import { VARIANTS, type AnyGlue, type StartThreads } from './instance.js';

const scope = globalThis as unknown as Worker;

/** Whose pool, and over what. */
interface Lent {
  variant: Parameters<StartThreads>[0];
  module: WebAssembly.Module;
  memory: WebAssembly.Memory;
}

scope.onmessage = async ({ data }: MessageEvent<Lent>) => {
  let glue: AnyGlue;
  try {
    glue = (await { ...VARIANTS, ...COLLECTIONS }[data.variant].glue()).default();
    await glue.init({ module_or_path: data.module, memory: data.memory });
  } catch (error) {
    // A rejection in here would reach nobody: it is told instead.
    scope.postMessage(String(error));
    return;
  }
  scope.postMessage('ready');
  glue.work?.();
};
