// A worker that lends itself to the thread pool of another one's instance, over the same memory, until it is ended.

import { VARIANTS } from './core.js';

const scope = globalThis as unknown as Worker;

scope.onmessage = async ({ data }: MessageEvent<{ module: WebAssembly.Module; memory: WebAssembly.Memory }>) => {
  let glue;
  try {
    glue = await VARIANTS.threads.glue();
    await glue.default({ module_or_path: data.module, memory: data.memory });
  } catch (error) {
    // A rejection in here would reach nobody: it is told instead.
    scope.postMessage(String(error));
    return;
  }
  scope.postMessage('ready');
  glue.work?.();
};
