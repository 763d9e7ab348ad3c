// The worker in which everything is decoded and computed: the page's own thread only draws.

import { VARIANTS, openCore, type Engine, type StartThreads } from './core.js';
import { EarprintError, asEarprintError } from './errors.js';
import type { Raw } from './input.js';
import type { OpenOptions } from './types.js';

export type Request =
  | { id: number; call: 'open'; options: OpenOptions; most: number }
  | { id: number; call: 'mel'; inputs: Raw[]; preset: string; dtype: string }
  | { id: number; call: 'describe'; input: Raw }
  /** Stops the track that was asked for by the message `of`. */
  | { id: number; call: 'stop'; of: number };

export type Reply =
  | { id: number; done: unknown }
  /** Share of the input that has been read. */
  | { id: number; part: number }
  | { id: number; code: string; message: string };

const scope = globalThis as unknown as Worker;
let engine: Engine | undefined;
const stops = new Map<number, AbortController>();

const startThreads: StartThreads = async (module, memory, threads) => {
  const ready = Array.from({ length: threads }, () => {
    const worker = new Worker(new URL('./thread.js', import.meta.url), { type: 'module', name: 'earprint thread' });
    worker.postMessage({ module, memory });
    return new Promise<void>((resolve, reject) => {
      const failed = (why: string) => reject(new EarprintError('E_THREADS', `a thread did not start: ${why}`));
      worker.onmessage = ({ data }) => (data === 'ready' ? resolve() : failed(data));
      worker.onerror = (event) => failed(event.message ?? 'its script could not be loaded');
    });
  });
  await Promise.all(ready);
};

async function answer(request: Request): Promise<{ done: unknown; transfer: Transferable[] }> {
  if (request.call === 'open') {
    const wasm = async (variant: keyof typeof VARIANTS) => VARIANTS[variant].wasm();
    engine = await openCore(request.options, request.most, { glue: (v) => VARIANTS[v].glue(), wasm, startThreads });
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
