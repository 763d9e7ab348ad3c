// The engine over an instance of the wasm: runs in a worker in browsers, and in Node itself. An instance that traps is
// replaced by another of the same module: the input that it died of has its error, everything else is asked again.

import type { CollectionJob } from './collection.js';
import { openCollections, type CollectionGlue, type CollectionsLoader, type OpenedCollections } from './collections.js';
import { crashOf } from './crash.js';
import { EarprintError, asEarprintError } from './errors.js';
import { nameOf, type Raw } from './input.js';
import { READS_MORE, Slot, openInstance, variantFor } from './instance.js';
import type { Describing, Instance, InstanceLoader } from './instance.js';
import { openSource, type OpenSource, type Source } from './source.js';
import type { TrackRecord } from './track.js';
import type { Info, MelOptions, OpenOptions, Preset } from './types.js';

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

/** What one track became; `event` in words, where it changed the course. */
export type Described = ({ record: TrackRecord } | { code: string; reason: string }) & { event?: string };

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
  /** An error that no promise carried: true if it was a panic behind a GPU call, which then rejects. */
  uncaught?(thrown: unknown): boolean;
  dispose(): void;
}

/** How a place loads what is computed with. */
export interface Loader extends InstanceLoader, CollectionsLoader {
  /** How it opens what it was given; `openSource` where it has no paths. */
  source?: OpenSource;
}

/** Opens an engine on this thread. `most` is the number of threads the place can have. */
export async function openCore(options: OpenOptions, most: number, loader: Loader): Promise<Engine> {
  return new Core(await openInstance(variantFor(options, most), options, most, loader), options, most, loader);
}

class Core implements Engine {
  readonly info: Info;
  readonly presets: Preset[];
  readonly #first: Slot;
  /** For files that the first does not read. */
  readonly #more: Slot | undefined;
  /** A session takes one portion at a time. */
  #last: Promise<unknown> = Promise.resolve();
  /** Tracks go one by one; portions may come between their steps. */
  #lastTrack: Promise<unknown> = Promise.resolve();
  #collections: Promise<OpenedCollections> | undefined;
  /** Calls that wait for a GPU: what rejects each, and the instance that it is in. */
  readonly #waiting = new Map<(thrown: unknown) => void, object>();
  #disposed: EarprintError | undefined;

  constructor(
    instance: Instance,
    readonly options: OpenOptions,
    readonly most: number,
    readonly loader: Loader,
  ) {
    const variant = variantFor(options, most);
    this.#first = new Slot(() => openInstance(variant, options, most, loader), instance);
    const more = READS_MORE[variant];
    this.#more = more && new Slot(() => openInstance(more, options, 1, loader));
    this.info = instance.info;
    this.presets = instance.presets;
  }

  mel(inputs: Raw[], preset: string, dtype: NonNullable<MelOptions['dtype']>): Promise<Portion> {
    const mine = this.#last.then(() => this.#read(inputs, preset, dtype));
    this.#last = mine.catch(() => undefined);
    return mine;
  }

  describe(raw: Raw, watch: Watch): Promise<Described> {
    const mine = this.#lastTrack.then(() => this.#track(raw, watch));
    this.#lastTrack = mine.catch(() => undefined);
    return mine;
  }

  async collect(job: CollectionJob, watch: CollectionWatch): Promise<unknown> {
    const { signal, stopped, onDone } = watch;
    this.#goOn(signal);
    this.#collections ??= openCollections(this.most, this.loader, this.info.events);
    const opening = this.#collections;
    const opened = await opening.catch((thrown: unknown) => {
      // The next call tries again.
      this.#dropCollections(opening);
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
      const out = await this.#settled(this.#ask(opened.glue, job, each), opened);
      this.#goOn(signal);
      return out;
    } catch (thrown) {
      const crash = crashOf(thrown, opened.memory);
      if (crash !== undefined) {
        // The next call opens them again.
        this.#dropCollections(opening);
        opened.endThreads();
      }
      if (signal?.aborted === true) throw signal.reason;
      throw crash ?? asEarprintError(thrown);
    }
  }

  uncaught(thrown: unknown): boolean {
    const waiting = [...this.#waiting.keys()];
    waiting.forEach((reject) => reject(thrown));
    return waiting.length > 0;
  }

  dispose(): void {
    if (this.#disposed !== undefined) return;
    this.#disposed = new EarprintError('E_DISPOSED', 'this instance was disposed of');
    const slots = [this.#first, this.#more];
    void Promise.all([this.#last, this.#lastTrack]).then(() => slots.forEach((slot) => slot?.dispose()));
    void this.#collections?.then(({ endThreads }) => endThreads()).catch(() => undefined);
    this.#collections = undefined;
  }

  #ask(glue: CollectionGlue, { verb, values, columns, options, about }: CollectionJob, each: (done: number) => boolean): unknown {
    if (verb === 'tags') return glue.tags(values);
    if (verb === 'order') return glue.order(values, about!, options);
    if (verb === 'map') return glue.map(values, columns, options, each);
    // Where clusters are computed unless they ask for something else.
    const device = this.info.backend === 'cpu' ? 'cpu' : (this.options.device ?? 'auto');
    return glue.cluster(values, columns, { device, ...options }, each);
  }

  #dropCollections(of: Promise<OpenedCollections>): void {
    if (this.#collections === of) this.#collections = undefined;
  }

  /** `instance` died: the next call opens another, and so does what waits in this one. */
  #lose(slot: Slot, instance: Instance, crash: EarprintError): void {
    if (instance.crash !== undefined) return;
    slot.lose(instance, crash);
    for (const [reject, owner] of this.#waiting) if (owner === instance) reject(crash);
  }

  /**
   * What a call into `owner` returned. Where a GPU is waited for, a panic rejects no promise: it comes through
   * `#waiting`.
   */
  async #settled(returned: unknown, owner: object): Promise<unknown> {
    if (!(returned instanceof Promise)) return returned;
    let waiting: (thrown: unknown) => void;
    const elsewhere = new Promise<never>((_, reject) => this.#waiting.set((waiting = reject), owner));
    try {
      return await Promise.race([returned, elsewhere]);
    } finally {
      this.#waiting.delete(waiting!);
    }
  }

  /** One portion, with those of its inputs in the other slot that need it. */
  async #read(inputs: Raw[], preset: string, dtype: string): Promise<Portion> {
    const portion = await this.#portion(this.#first, inputs, preset, dtype);
    if (this.#more === undefined) return portion;
    const left = portion.outcomes.filter(needsMore).map(({ index }) => index);
    if (left.length === 0) return portion;
    const rest = await this.#portion(this.#more, left.map((index) => inputs[index]!), preset, dtype);
    const outcomes = [...portion.outcomes];
    rest.outcomes.forEach((outcome, at) => (outcomes[left[at]!] = { ...outcome, index: left[at]! }));
    return { outcomes, events: [...portion.events, ...rest.events] };
  }

  /**
   * Inputs in an instance. Where it traps they are asked one by one: only those that one traps on have that as their
   * outcome.
   */
  async #portion(slot: Slot, inputs: Raw[], preset: string, dtype: string): Promise<Portion> {
    this.#goOn(undefined);
    let instance: Instance;
    try {
      instance = await slot.get();
    } catch (thrown) {
      const failed = notOpened(thrown);
      return { outcomes: inputs.map((_, index) => ({ index, ...failed })), events: [] };
    }
    const opened: Raw[] = await Promise.all(inputs.map(read));
    if (instance.gone) return this.#portion(slot, inputs, preset, dtype);
    let crash: EarprintError | undefined;
    instance.users += 1;
    try {
      return (await this.#settled(instance.session.mel(opened, preset, dtype), instance)) as Portion;
    } catch (thrown) {
      // It died of a track meanwhile.
      if (thrown === instance.crash) return this.#portion(slot, inputs, preset, dtype);
      crash = crashOf(thrown, instance.memory);
      if (crash === undefined) throw asEarprintError(thrown);
      this.#lose(slot, instance, crash);
    } finally {
      slot.leave(instance);
    }
    if (inputs.length === 1) {
      const outcome = { index: 0, code: crash.code, reason: crash.message };
      return { outcomes: [outcome], events: [reopened(inputs[0]!, crash)] };
    }
    const out: Portion = { outcomes: [], events: [] };
    for (const [index, raw] of inputs.entries()) {
      const { outcomes, events } = await this.#portion(slot, [raw], preset, dtype);
      out.outcomes.push({ ...outcomes[0]!, index });
      out.events.push(...events);
    }
    return out;
  }

  async #track(raw: Raw, watch: Watch): Promise<Described> {
    this.#goOn(watch.signal);
    let source: Source;
    try {
      source = await (this.loader.source ?? openSource)(raw);
    } catch (thrown) {
      const { code, message } = asEarprintError(thrown);
      return { code, reason: message };
    }
    try {
      const described = await this.#walks(this.#first, raw, source, watch);
      if (this.#more === undefined || !needsMore(described)) return described;
      return await this.#walks(this.#more, raw, source, watch);
    } finally {
      source.close();
    }
  }

  /** One track, begun again where its instance traps on something else. */
  async #walks(slot: Slot, raw: Raw, source: Source, watch: Watch): Promise<Described> {
    for (;;) {
      const described = await this.#walk(slot, raw, source, watch);
      if (described !== undefined) return described;
    }
  }

  /** Undefined: the instance died of something else. */
  async #walk(slot: Slot, raw: Raw, source: Source, { signal, onPart }: Watch): Promise<Described | undefined> {
    this.#goOn(signal);
    let instance: Instance;
    try {
      instance = await slot.get();
    } catch (thrown) {
      return notOpened(thrown);
    }
    this.#goOn(signal);
    if (instance.gone) return undefined;
    instance.users += 1;
    let at = 0;
    const track = instance.tracks.begin(nameOf(raw) ?? '', source.bytes, (from, length) => {
      at = from + length;
      return source.read(from, length);
    });
    try {
      for (;;) {
        const step = this.#step(slot, instance, track, raw);
        if (step !== undefined) return step;
        onPart?.(Math.min(1, at / source.bytes));
        await pause();
        this.#goOn(signal);
        if (instance.crash !== undefined) return undefined;
      }
    } finally {
      if (instance.crash === undefined) track.free();
      else track.__destroy_into_raw();
      slot.leave(instance);
    }
  }

  /** What the track became, once it is through. */
  #step(slot: Slot, instance: Instance, track: Describing, raw: Raw): Described | undefined {
    try {
      const json = track.step();
      return json === undefined ? undefined : { record: JSON.parse(json) as TrackRecord };
    } catch (thrown) {
      const crash = crashOf(thrown, instance.memory);
      if (crash === undefined) {
        const { code, message } = asEarprintError(thrown);
        return { code, reason: message };
      }
      this.#lose(slot, instance, crash);
      return { code: crash.code, reason: crash.message, event: reopened(raw, crash) };
    }
  }

  #goOn(signal: AbortSignal | undefined): void {
    signal?.throwIfAborted();
    if (this.#disposed !== undefined) throw this.#disposed;
  }
}

/** Whether it is a file for which there may be a decoder in the other slot. */
function needsMore(outcome: object): boolean {
  return 'code' in outcome && outcome.code === 'E_UNSUPPORTED';
}

/** That no instance could be opened, as the outcome of an input. */
function notOpened(thrown: unknown): { code: string; reason: string } {
  const { code, message } = asEarprintError(thrown);
  return { code, reason: message };
}

function reopened(raw: Raw, { code, message }: EarprintError): string {
  return `opened again after ${nameOf(raw) ?? 'an input'}: ${code}, ${message}`;
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
