// The package in a browser: a module worker holds the wasm, this thread sends it inputs.

import type { CollectionJob } from './collection.js';
import type { CollectionWatch, Described, Engine, Opened, Portion, Watch } from './core.js';
import { Earprint } from './earprint.js';
import { EarprintError } from './errors.js';
import type { Raw } from './input.js';
import type { OpenOptions } from './types.js';
import type { Reply, Request } from './worker.js';

export { Earprint } from './earprint.js';
export { EarprintError } from './errors.js';
export type * from './collection.js';
export type * from './track.js';
export type * from './types.js';

/** More threads than this share one memory bus and gain little. */
const MOST_THREADS = 16;

/** Starts a worker and opens a device in it. */
export async function open(options: OpenOptions = {}): Promise<Earprint> {
  if (typeof Worker === 'undefined') throw new EarprintError('E_ENVIRONMENT', 'there are no workers here');
  // Shared memory exists only where the page is isolated (COOP and COEP headers).
  const cores = globalThis.crossOriginIsolated === true ? (navigator.hardwareConcurrency ?? 1) : 1;
  const most = Math.max(1, Math.min(cores, options.threads ?? MOST_THREADS));
  const engine = new WorkerEngine(options, most);
  try {
    await engine.open();
  } catch (error) {
    engine.dispose();
    throw error;
  }
  return new Earprint(engine);
}

type Waiting = {
  resolve: (done: never) => void;
  reject: (error: EarprintError) => void;
  onPart: ((part: number) => void) | undefined;
};

class WorkerEngine implements Engine {
  info!: Opened['info'];
  presets!: Opened['presets'];
  /** None before `open`, and after a crash until the next call. */
  #worker: Worker | undefined;
  /** What the worker answered to `open`. */
  #opened: Promise<Opened> | undefined;
  #ready = false;
  readonly #waiting = new Map<number, Waiting>();
  #next = 0;
  #disposed: EarprintError | undefined;

  constructor(
    readonly options: OpenOptions,
    readonly most: number,
  ) {}

  async open(): Promise<void> {
    const opened = await this.#start();
    this.info = opened.info;
    this.presets = opened.presets;
  }

  /** The worker with a device open in it. */
  #start(): Promise<Opened> {
    if (this.#opened !== undefined) return this.#opened;
    const worker = new Worker(new URL('./worker.js', import.meta.url), { type: 'module', name: 'earprint' });
    this.#worker = worker;
    worker.onmessage = ({ data }: MessageEvent<Reply>) => {
      if (this.#worker !== worker) return;
      const waiting = this.#waiting.get(data.id);
      if ('part' in data) return waiting?.onPart?.(data.part);
      this.#waiting.delete(data.id);
      if ('done' in data) waiting?.resolve(data.done as never);
      else waiting?.reject(new EarprintError(data.code, data.message));
    };
    worker.onerror = (event) => {
      event.preventDefault();
      // One that was ended may have more to say.
      if (this.#worker !== worker) return;
      // Without a message the script itself did not load.
      const error = event.message
        ? new EarprintError('E_CRASHED', event.message)
        : new EarprintError('E_LOAD', 'the worker could not be loaded');
      this.#drop(error);
    };
    const { options, most } = this;
    const opened = this.#send<Opened>((id) => ({ id, call: 'open', options, most }));
    this.#opened = opened;
    opened.then(
      () => (this.#ready = this.#opened === opened),
      // The next call tries again.
      (error: EarprintError) => this.#opened === opened && this.#drop(error),
    );
    return opened;
  }

  async mel(inputs: Raw[], preset: string, dtype: string): Promise<Portion> {
    if (inputs.some((raw) => 'path' in raw)) throw noPath();
    return this.#ask((id) => ({ id, call: 'mel', inputs, preset, dtype }));
  }

  async describe(input: Raw, { signal, onPart }: Watch): Promise<Described> {
    if ('path' in input) throw noPath();
    let of = -1;
    const stop = () => this.#worker?.postMessage({ id: this.#next++, call: 'stop', of } satisfies Request);
    signal?.addEventListener('abort', stop, { once: true });
    try {
      return await this.#ask<Described>((id) => ({ id: (of = id), call: 'describe', input }), onPart);
    } finally {
      signal?.removeEventListener('abort', stop);
    }
  }

  async collect(job: CollectionJob, { signal, onDone }: CollectionWatch): Promise<unknown> {
    let of = -1;
    // Only shared memory reaches a worker that computes.
    const shared = globalThis.crossOriginIsolated === true ? new Int32Array(new SharedArrayBuffer(4)) : undefined;
    const stop = () => {
      if (shared !== undefined) Atomics.store(shared, 0, 1);
      this.#worker?.postMessage({ id: this.#next++, call: 'stop', of } satisfies Request);
    };
    signal?.addEventListener('abort', stop, { once: true });
    try {
      return await this.#ask((id) => ({ id: (of = id), call: 'collect', job, stop: shared }), onDone);
    } finally {
      signal?.removeEventListener('abort', stop);
    }
  }

  dispose(): void {
    this.#disposed ??= new EarprintError('E_DISPOSED', 'this instance was disposed of');
    this.#drop(this.#disposed);
  }

  async #ask<T>(request: (id: number) => Request, onPart?: (part: number) => void): Promise<T> {
    if (this.#disposed !== undefined) throw this.#disposed;
    if (!this.#ready) await this.#start();
    return this.#send(request, onPart);
  }

  #send<T>(request: (id: number) => Request, onPart?: (part: number) => void): Promise<T> {
    return new Promise((resolve, reject) => {
      if (this.#disposed !== undefined) return reject(this.#disposed);
      const id = this.#next++;
      this.#waiting.set(id, { resolve, reject, onPart });
      this.#worker!.postMessage(request(id));
    });
  }

  /** Ends the worker; what waits for it rejects. */
  #drop(error: EarprintError): void {
    this.#worker?.terminate();
    this.#worker = undefined;
    this.#opened = undefined;
    this.#ready = false;
    const waiting = [...this.#waiting.values()];
    this.#waiting.clear();
    for (const { reject } of waiting) reject(error);
  }
}

function noPath(): EarprintError {
  return new EarprintError('E_INPUT', 'the input is a string; paths are for Node');
}
