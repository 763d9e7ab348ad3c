// A worker that lends itself to the thread pool of another one's instance, over the same memory, until it is ended.

import { VARIANTS } from './core.js';

const scope = globalThis as unknown as Worker;

scope.onmessage = async ({ data }: MessageEvent<{ module: WebAssembly.Module; memory: WebAssembly.Memory }>) => {
  const glue = await VARIANTS.threads.glue();
  await glue.default({ module_or_path: data.module, memory: data.memory });
  scope.postMessage('ready');
  glue.work?.();
};
