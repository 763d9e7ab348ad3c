// The worker in which everything is decoded and computed: the page's own thread only draws.

import { COLLECTIONS, type CollectionVariant } from './collections.js';
import type { CollectionJob } from './collection.js';
import { openCore, type Engine, type Loader } from './core.js';
import { EarprintError, asEarprintError } from './errors.js';
import type { Raw } from './input.js';
import { VARIANTS, compileUrl, keepModules, type StartThreads, type Variant } from './instance.js';
import type { OpenOptions } from './types.js';

export type Request =
  | { id: number; call: 'open'; options: OpenOptions; most: number }
  | { id: number; call: 'mel'; inputs: Raw[]; preset: string; dtype: string }
  | { id: number; call: 'describe'; input: Raw }
  /** `stop`: memory of the page, where there can be any, that holds 1 once the job shall stop. */
  | { id: number; call: 'collect'; job: CollectionJob; stop: Int32Array | undefined }
  /** Stops the track or the job that was asked for by the message `of`. */
  | { id: number; call: 'stop'; of: number };

export type Reply =
  | { id: number; done: unknown }
  /** Share of the input that has been read, or passes that are done. */
  | { id: number; part: number }
  | { id: number; code: string; message: string };

const scope = globalThis as unknown as Worker;
let engine: Engine | undefined;
const stops = new Map<number, AbortController>();

/** Between two messages that tell how far a job on a collection is, ms. */
const TELL_EVERY = 40;

const startThreads: StartThreads = async (variant, module, memory, threads) => {
  const workers: Worker[] = [];
  const end = () => workers.forEach((worker) => worker.terminate());
  const ready = Array.from({ length: threads }, () => {
    const worker = new Worker(new URL('./thread.js', import.meta.url), { type: 'module', name: 'earprint thread' });
    workers.push(worker);
    worker.postMessage({ variant, module, memory });
    return new Promise<void>((resolve, reject) => {
      const failed = (why: string) => reject(new EarprintError('E_THREADS', `a thread did not start: ${why}`));
      worker.onmessage = ({ data }) => (data === 'ready' ? resolve() : failed(data));
      worker.onerror = (event) => failed(event.message ?? 'its script could not be loaded');
    });
  });
  try {
    await Promise.all(ready);
  } catch (thrown) {
    end();
    throw thrown;
  }
  return end;
};

const loader: Loader = {
  glue: (variant: Variant) => VARIANTS[variant].glue(),
  wasm: keepModules((variant: Variant) => compileUrl(VARIANTS[variant].wasm())),
  collectionGlue: (variant: CollectionVariant) => COLLECTIONS[variant].glue(),
  collectionWasm: keepModules((variant: CollectionVariant) => compileUrl(COLLECTIONS[variant].wasm())),
  startThreads,
};

// A panic behind a call to the GPU rejects no promise: it comes here, and the call that waits is told.
const uncaught = (event: Event, thrown: unknown) => {
  if (engine?.uncaught?.(thrown) === true) event.preventDefault();
};
scope.addEventListener('error', (event) => uncaught(event, event.error));
scope.addEventListener('unhandledrejection' as 'error', (event) => {
  uncaught(event, (event as unknown as PromiseRejectionEvent).reason);
});

async function answer(request: Request): Promise<{ done: unknown; transfer: Transferable[] }> {
  if (request.call === 'open') {
    engine = await openCore(request.options, request.most, loader);
    return { done: { info: engine.info, presets: engine.presets }, transfer: [] };
  }
  if (request.call === 'stop') {
    stops.get(request.of)?.abort();
    return { done: undefined, transfer: [] };
  }
  if (request.call === 'describe') {
    const { id } = request;
    const stop = new AbortController();
    stops.set(id, stop);
    const onPart = (part: number) => scope.postMessage({ id, part } satisfies Reply);
    try {
      return { done: await engine!.describe(request.input, { signal: stop.signal, onPart }), transfer: [] };
    } finally {
      stops.delete(id);
    }
  }
  if (request.call === 'collect') {
    const { id, job, stop } = request;
    const abort = new AbortController();
    stops.set(id, abort);
    let told = 0;
    const onDone = (part: number) => {
      if (performance.now() < told + TELL_EVERY) return;
      told = performance.now();
      scope.postMessage({ id, part } satisfies Reply);
    };
    const stopped = stop && (() => Atomics.load(stop, 0) !== 0);
    try {
      const done = (await engine!.collect(job, { signal: abort.signal, stopped, onDone })) as object;
      const arrays = Object.values(done).filter((value) => ArrayBuffer.isView(value));
      return { done, transfer: arrays.map(({ buffer }) => buffer as ArrayBuffer) };
    } finally {
      stops.delete(id);
    }
  }
  const portion = await engine!.mel(request.inputs, request.preset, request.dtype);
  const transfer = portion.outcomes.flatMap((o) => ('values' in o ? [o.values.buffer as ArrayBuffer] : []));
  return { done: portion, transfer };
}

scope.onmessage = ({ data }: MessageEvent<Request>) => {
  answer(data).then(
    ({ done, transfer }) => scope.postMessage({ id: data.id, done } satisfies Reply, transfer),
    (thrown: unknown) => {
      const { code, message } = asEarprintError(thrown);
      scope.postMessage({ id: data.id, code, message } satisfies Reply);
    },
  );
};
