// One instance of the wasm for sound: opened from a compiled module, used until it traps, then dropped whole.

import { EarprintError } from './errors.js';
import type { Source } from './source.js';
import type { Info, OpenOptions, Preset } from './types.js';

/** What the package asks an instance itself for. */
interface Exports {
  memory: WebAssembly.Memory;
}

/** What wasm-bindgen wrote for `web/src`, as far as it is used here: what every variant has. */
export interface AnyGlue {
  init(from: { module_or_path: WebAssembly.Module; memory?: WebAssembly.Memory }): Promise<Exports>;
  /** In variants with threads. */
  start_pool?(threads: number): void;
  work?(): void;
}

/** The module of a variant's glue. Each call makes glue with a state of its own, for one instance. */
export interface GlueModule<G extends AnyGlue> {
  default(): G;
}

/** The variants for sound. */
export interface Glue extends AnyGlue {
  Session: { open(device: string): Promise<Session> };
  Tracks: { new (): Tracks };
  presets(): Preset[];
}

/** What wasm-bindgen gives every object. */
interface WasmObject {
  free(): void;
  /** Takes the object from the garbage collector, which would else call into an instance that trapped. */
  __destroy_into_raw(): number;
}

export interface Session extends WasmObject {
  info(): unknown;
  /** The portion, or a promise of it where a GPU is waited for. Empties `inputs`. */
  mel(inputs: unknown[], preset: string, dtype: string): unknown;
}

export interface Tracks extends WasmObject {
  begin(path: string, bytes: number, read: Source['read']): Describing;
}

export interface Describing extends WasmObject {
  /** The record as JSON once it is there. */
  step(): string | undefined;
}

export type Variant = 'core' | 'full' | 'threads' | 'more';

/**
 * What reads the files that a variant does not, loaded when the first of them comes. `core` has no further decoders.
 */
export const READS_MORE: Partial<Record<Variant, Variant>> = { full: 'more', threads: 'more' };

/** Literal paths: bundlers find modules and wasm by them. */
export const VARIANTS: Record<Variant, { glue: () => Promise<GlueModule<Glue>>; wasm: () => URL }> = {
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
  more: {
    glue: () => import('../pkg/more/earprint.js'),
    wasm: () => new URL('../pkg/more/earprint_bg.wasm', import.meta.url),
  },
};

/** Lends `threads` workers to the pool of an instance, by its module and memory. Resolves to what ends them. */
export type StartThreads = (
  variant: 'threads' | 'collection-threads',
  module: WebAssembly.Module,
  memory: WebAssembly.Memory,
  threads: number,
) => Promise<() => void>;

/** How a place loads glue and modules: each once, however many instances are made of them. */
export interface InstanceLoader {
  glue: (variant: Variant) => Promise<GlueModule<Glue>>;
  wasm: (variant: Variant) => Promise<WebAssembly.Module>;
  startThreads?: StartThreads;
}

/** An instance never gives memory back: one that holds more than this is replaced once it is idle, bytes. */
const KEPT_BYTES = 512 << 20;

export class Instance {
  /** Calls that are under way in it. */
  users = 0;
  /** What it died of, once it trapped. */
  crash: EarprintError | undefined;
  #freed = false;

  constructor(
    readonly session: Session,
    readonly tracks: Tracks,
    readonly memory: WebAssembly.Memory,
    readonly info: Info,
    readonly presets: Preset[],
    readonly endThreads: () => void,
  ) {}

  /** Whether it is idle and holds more memory than is worth keeping. */
  get overgrown(): boolean {
    return !this.gone && this.users === 0 && this.memory.buffer.byteLength > KEPT_BYTES;
  }

  /** It trapped: nothing in it may be called any more, by the garbage collector neither. */
  lose(crash: EarprintError): void {
    this.crash = crash;
    this.session.__destroy_into_raw();
    this.tracks.__destroy_into_raw();
    this.endThreads();
  }

  /** Nothing may be called in it any more. */
  get gone(): boolean {
    return this.#freed || this.crash !== undefined;
  }

  /** Frees it once it is idle. */
  free(): void {
    if (this.gone) return;
    this.#freed = true;
    this.session.free();
    this.tracks.free();
    this.endThreads();
  }
}

export function variantFor(options: OpenOptions, most: number): Variant {
  if (most > 1 && options.device !== 'webgpu') return 'threads';
  return options.decoders === 'wav' ? 'core' : 'full';
}

/** Opens one of `variant` on this thread. `most` is the number of threads the place can have. */
export async function openInstance(
  variant: Variant,
  options: OpenOptions,
  most: number,
  loader: InstanceLoader,
): Promise<Instance> {
  let glue: Glue;
  let module: WebAssembly.Module;
  let memory: WebAssembly.Memory;
  try {
    const [made, wasm] = await Promise.all([loader.glue(variant), loader.wasm(variant)]);
    glue = made.default();
    module = wasm;
    memory = (await glue.init({ module_or_path: module })).memory;
  } catch (thrown) {
    if (variant !== 'threads') throw new EarprintError('E_LOAD', `the wasm could not be loaded: ${String(thrown)}`);
    // A shared memory reserves its maximum at once, which a small machine may refuse.
    const instance = await openInstance(variantFor(options, 1), options, 1, loader);
    instance.info.events.push(`one thread instead of ${most}: ${String(thrown)}`);
    return instance;
  }
  let session = await glue.Session.open(options.device ?? 'auto');
  const first = session.info() as Info;
  let endThreads = () => {};
  if (first.backend === 'cpu' && variant === 'threads' && loader.startThreads !== undefined) {
    endThreads = await loader.startThreads('threads', module, memory, most);
    glue.start_pool?.(most);
    session.free();
    session = await glue.Session.open('cpu');
  }
  const crossOriginIsolated = globalThis.crossOriginIsolated === true;
  const info: Info = { ...(session.info() as Info), why: first.why, crossOriginIsolated, events: [] };
  return new Instance(session, new glue.Tracks(), memory, info, glue.presets(), endThreads);
}

/** The place of an instance: opened when it is first asked for, and again after it is gone. */
export class Slot {
  /** The one that lives, or the one that is being opened. */
  #instance: Promise<Instance> | undefined;

  constructor(
    readonly open: () => Promise<Instance>,
    first?: Instance,
  ) {
    this.#instance = first && Promise.resolve(first);
  }

  async get(): Promise<Instance> {
    const opening = (this.#instance ??= this.open());
    try {
      return await opening;
    } catch (thrown) {
      // The next input tries again.
      if (this.#instance === opening) this.#instance = undefined;
      throw thrown;
    }
  }

  /** A call into `instance`, which came from here, has ended. */
  leave(instance: Instance): void {
    instance.users -= 1;
    if (!instance.overgrown) return;
    this.#instance = undefined;
    instance.free();
  }

  /** The instance that came from here died. */
  lose(instance: Instance, crash: EarprintError): void {
    instance.lose(crash);
    this.#instance = undefined;
  }

  dispose(): void {
    void this.#instance?.then((instance) => instance.free()).catch(() => undefined);
    this.#instance = undefined;
  }
}

/** Each variant's module, compiled when it is first asked for and kept; asked for again where that failed. */
export function keepModules<V extends string>(compile: (variant: V) => Promise<WebAssembly.Module>) {
  const kept = new Map<V, Promise<WebAssembly.Module>>();
  return (variant: V): Promise<WebAssembly.Module> => {
    const known = kept.get(variant);
    if (known !== undefined) return known;
    const compiled = compile(variant);
    kept.set(variant, compiled);
    compiled.catch(() => kept.delete(variant));
    return compiled;
  };
}

/** Fetches and compiles; while it comes in where the server names its type. */
export async function compileUrl(url: URL): Promise<WebAssembly.Module> {
  const response = await fetch(url);
  if (!response.ok) throw new Error(`${response.status} ${response.statusText} for ${url}`);
  if (response.headers.get('Content-Type') === 'application/wasm') return WebAssembly.compileStreaming(response);
  return WebAssembly.compile(await response.arrayBuffer());
}
