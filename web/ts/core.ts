// The wasm instance and its session: runs in a worker in browsers, and in Node itself.

import type { CollectionJob } from './collection.js';
import { openCollections, type CollectionGlue, type CollectionVariant } from './collections.js';
import { EarprintError, asEarprintError } from './errors.js';
import { nameOf, type Raw } from './input.js';
import { openSource, type OpenSource, type Source } from './source.js';
import type { TrackRecord } from './track.js';
import type { Info, MelOptions, OpenOptions, Preset } from './types.js';

/** What wasm-bindgen wrote for `web/src`, as far as it is used here: what every variant has. */
export interface AnyGlue {
  default(init: { module_or_path: unknown; memory?: WebAssembly.Memory }): Promise<{ memory: WebAssembly.Memory }>;
  /** In variants with threads. */
  module?(): WebAssembly.Module;
  start_pool?(threads: number): void;
  work?(): void;
}

/** The variants for sound. */
export interface Glue extends AnyGlue {
  Session: { open(device: string): Promise<Session> };
  Tracks: { new (): Tracks };
  presets(): unknown[];
}

interface Session {
  info(): unknown;
  mel(inputs: unknown[], preset: string, dtype: string): unknown;
  free(): void;
}

interface Tracks {
  begin(path: string, bytes: number, read: Source['read']): Describing;
  free(): void;
}

interface Describing {
  /** The record as JSON once it is there. */
  step(): string | undefined;
  free(): void;
}

export type Variant = 'core' | 'full' | 'threads';

/** Literal paths: bundlers find modules and wasm by them. */
export const VARIANTS: Record<Variant, { glue: () => Promise<Glue>; wasm: () => URL }> = {
  core: {
    glue: () => import('../pkg/core/earprint.js'),
    wasm: () => new URL('../pkg/core/earprint_bg.wasm', import.meta.url),
  },
  full: {
    glue: () => import('../pkg/full/earprint.js'),
    wasm: () => new URL('../pkg/full/earprint_bg.wasm', import.meta.url),
  },
  threads: {
    glue: () => import('../pkg/threads/earprint.js'),
    wasm: () => new URL('../pkg/threads/earprint_bg.wasm', import.meta.url),
  },
};

/** What one input became. */
export type Outcome =
  | (Omit<import('./types.js').Mel, 'preset' | 'file'> & { index: number })
  | { index: number; code: string; reason: string };

export interface Portion {
  outcomes: Outcome[];
  events: string[];
}

export interface Opened {
  info: Info;
  presets: Preset[];
}

/** What one track became. */
export type Described = { record: TrackRecord } | { code: string; reason: string };

/** What accompanies a track on its way. */
export interface Watch {
  signal?: AbortSignal | undefined;
  /** Called with the share that has been read, 0 to 1. */
  onPart?: ((part: number) => void) | undefined;
}

/** What accompanies a job on a collection. */
export interface CollectionWatch {
  signal?: AbortSignal | undefined;
  /** Asked between passes: true ends the job. */
  stopped?: (() => boolean) | undefined;
  /** Called after passes. */
  onDone?: ((done: number) => void) | undefined;
}

/** A machine that computes: this thread's, or a worker's behind messages. */
export interface Engine extends Opened {
  /** Rejects with the signal's reason, what the crates refuse, or where nothing more can be computed here. */
  collect(job: CollectionJob, watch: CollectionWatch): Promise<unknown>;
  mel(inputs: Raw[], preset: string, dtype: string): Promise<Portion>;
  /** Rejects with the signal's reason, or where nothing more can be computed here. */
  describe(raw: Raw, watch: Watch): Promise<Described>;
  dispose(): void;
}

/** Lends `threads` workers to the pool of an instance of a variant, by its module and memory. */
export type StartThreads = (
  variant: 'threads' | 'collection-threads',
  module: WebAssembly.Module,
  memory: WebAssembly.Memory,
  threads: number,
) => Promise<void>;

/** How a place loads glue and wasm. */
export interface Loader {
  glue: (variant: Variant) => Promise<Glue>;
  wasm: (variant: Variant | CollectionVariant) => unknown;
  collectionGlue: (variant: CollectionVariant) => Promise<CollectionGlue>;
  startThreads?: StartThreads;
  /** How it opens what it was given; `openSource` where it has no paths. */
  source?: OpenSource;
}

export function variantFor(options: OpenOptions, most: number): Variant {
  if (most > 1 && options.device !== 'webgpu') return 'threads';
  return options.decoders === 'wav' ? 'core' : 'full';
}

/** Opens an instance on this thread. `most` is the number of threads the place can have. */
export async function openCore(options: OpenOptions, most: number, loader: Loader): Promise<Engine> {
  const variant = variantFor(options, most);
  let glue: Glue;
  let memory: WebAssembly.Memory;
  try {
    glue = await loader.glue(variant);
    memory = (await glue.default({ module_or_path: await loader.wasm(variant) })).memory;
  } catch (thrown) {
    if (variant !== 'threads') throw new EarprintError('E_LOAD', `the wasm could not be loaded: ${String(thrown)}`);
    // A shared memory reserves its maximum at once, which a small machine may refuse.
    const engine = await openCore(options, 1, loader);
    engine.info.events.push(`one thread instead of ${most}: ${String(thrown)}`);
    return engine;
  }
  let session = await glue.Session.open(options.device ?? 'auto');
  const first = session.info() as Info;
  if (first.backend === 'cpu' && glue.module !== undefined && loader.startThreads !== undefined) {
    await loader.startThreads('threads', glue.module(), memory, most);
    glue.start_pool?.(most);
    session.free();
    session = await glue.Session.open('cpu');
  }
  const crossOriginIsolated = globalThis.crossOriginIsolated === true;
  const info: Info = { ...(session.info() as Info), why: first.why, crossOriginIsolated, events: [] };
  const collections = () => openCollections(most, loader, info.events);
  const clusterDevice = info.backend === 'cpu' ? 'cpu' : (options.device ?? 'auto');
  return new Core(session, new glue.Tracks(), loader.source ?? openSource, collections, clusterDevice, info, glue.presets() as Preset[]);
}

class Core implements Engine {
  /** A session takes one portion at a time. */
  #last: Promise<unknown> = Promise.resolve();
  /** Tracks go one by one; portions may come between their steps. */
  #lastTrack: Promise<unknown> = Promise.resolve();
  #collections: Promise<CollectionGlue> | undefined;
  #dead: EarprintError | undefined;

  constructor(
    readonly session: Session,
    readonly tracks: Tracks,
    readonly open: OpenSource,
    readonly openCollections: () => Promise<CollectionGlue>,
    /** Where clusters are computed unless they ask for something else. */
    readonly clusterDevice: 'auto' | 'cpu' | 'webgpu',
    readonly info: Info,
    readonly presets: Preset[],
  ) {}

  mel(inputs: Raw[], preset: string, dtype: NonNullable<MelOptions['dtype']>): Promise<Portion> {
    const mine = this.#last.then(async () => {
      if (this.#dead !== undefined) throw this.#dead;
      const opened = await Promise.all(inputs.map(read));
      try {
        return (await this.session.mel(opened, preset, dtype)) as Portion;
      } catch (thrown) {
        throw this.#seen(asEarprintError(thrown));
      }
    });
    this.#last = mine.catch(() => undefined);
    return mine;
  }

  describe(raw: Raw, watch: Watch): Promise<Described> {
    const mine = this.#lastTrack.then(() => this.#walk(raw, watch));
    this.#lastTrack = mine.catch(() => undefined);
    return mine;
  }

  async collect(job: CollectionJob, watch: CollectionWatch): Promise<unknown> {
    const { signal, stopped, onDone } = watch;
    this.#goOn(signal);
    this.#collections ??= this.openCollections();
    const glue = await this.#collections.catch((thrown: unknown) => {
      // The next call tries again.
      this.#collections = undefined;
      throw thrown;
    });
    // An abort that is already on its way comes in here.
    await pause();
    this.#goOn(signal);
    const each = (done: number) => {
      onDone?.(done);
      return signal?.aborted === true || stopped?.() === true;
    };
    try {
      const out = await this.#ask(glue, job, each);
      this.#goOn(signal);
      return out;
    } catch (thrown) {
      if (signal?.aborted === true) throw signal.reason;
      throw this.#seen(asEarprintError(thrown));
    }
  }

  #ask(glue: CollectionGlue, { verb, values, columns, options, about }: CollectionJob, each: (done: number) => boolean): unknown {
    if (verb === 'tags') return glue.tags(values);
    if (verb === 'order') return glue.order(values, about!, options);
    if (verb === 'map') return glue.map(values, columns, options, each);
    return glue.cluster(values, columns, { device: this.clusterDevice, ...options }, each);
  }

  async #walk(raw: Raw, { signal, onPart }: Watch): Promise<Described> {
    this.#goOn(signal);
    let source: Source;
    try {
      source = await this.open(raw);
    } catch (thrown) {
      const { code, message } = asEarprintError(thrown);
      return { code, reason: message };
    }
    let at = 0;
    const track = this.tracks.begin(nameOf(raw) ?? '', source.bytes, (from, length) => {
      at = from + length;
      return source.read(from, length);
    });
    try {
      for (;;) {
        const step = this.#step(track);
        if (step !== undefined) return step;
        onPart?.(Math.min(1, at / source.bytes));
        await pause();
        this.#goOn(signal);
      }
    } finally {
      source.close();
      // What crashed is borrowed for ever.
      if (this.#dead?.code !== 'E_CRASHED') track.free();
    }
  }

  /** What the track became, once it is through. */
  #step(track: Describing): Described | undefined {
    try {
      const json = track.step();
      return json === undefined ? undefined : { record: JSON.parse(json) as TrackRecord };
    } catch (thrown) {
      const error = this.#seen(asEarprintError(thrown));
      if (error === this.#dead) throw error;
      return { code: error.code, reason: error.message };
    }
  }

  #goOn(signal: AbortSignal | undefined): void {
    signal?.throwIfAborted();
    if (this.#dead !== undefined) throw this.#dead;
  }

  #seen(error: EarprintError): EarprintError {
    if (error.code === 'E_CRASHED') this.#dead = error;
    return error;
  }

  dispose(): void {
    if (this.#dead === undefined) {
      void this.#last.then(() => this.session.free());
      void this.#lastTrack.then(() => this.tracks.free());
    }
    this.#dead ??= new EarprintError('E_DISPOSED', 'this instance was disposed of');
  }
}

/** Lets everything else have its turn. */
function pause(): Promise<void> {
  if (typeof setImmediate === 'function') return new Promise((resolve) => setImmediate(resolve));
  // A timer would wait four milliseconds each time.
  const { port1, port2 } = new MessageChannel();
  return new Promise((resolve) => {
    port1.onmessage = () => {
      port1.close();
      resolve();
    };
    port2.postMessage(null);
  });
}

/** Blobs become bytes here. One that cannot be read fails alone. */
async function read(raw: Raw): Promise<Raw> {
  if (!('blob' in raw)) return raw;
  try {
    const bytes = new Uint8Array(await raw.blob.arrayBuffer());
    return raw.name === undefined ? { bytes } : { bytes, name: raw.name };
  } catch (error) {
    return unreadable(raw.name ?? 'the blob', error);
  }
}

export function unreadable(what: string, error: unknown): Raw {
  return { code: 'E_IO', reason: `cannot read ${what}: ${(error as Error).message}` };
}
