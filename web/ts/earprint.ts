/// <reference lib="esnext.disposable" preserve="true" />
// The class users hold. It knows no worker and no wasm: an engine is behind it.

import {
  clusterJob,
  mapJob,
  numbersOf,
  orderJob,
  orderOfRows,
  type ClusterOptions,
  type Clustering,
  type CollectionJob,
  type CollectionMap,
  type CollectionOptions,
  type ListeningOrder,
  type MapOptions,
  type OrderOptions,
  type Rows,
  type Tag,
  type TrackRow,
} from './collection.js';
import type { Engine, Outcome, Portion } from './core.js';
import { EarprintError } from './errors.js';
import { nameOf, rawOf, weight, type Raw } from './input.js';
import type { DescribeOptions, TrackRecord } from './track.js';
import type { Info, Input, Mel, MelOptions, Preset, PresetName } from './types.js';

/** Inputs and bytes that travel together at most. The first portion is one input, so that it comes back soon. */
const MOST_INPUTS = 16;
const MOST_BYTES = 32 << 20;

/** An opened machine. `dispose()` it, or declare it with `using`. */
export class Earprint {
  readonly #engine: Engine;

  /** @internal */
  constructor(engine: Engine) {
    this.#engine = engine;
  }

  /** What runs, and why. */
  info(): Info {
    return structuredClone(this.#engine.info);
  }

  /** What the presets are. */
  presets(): Preset[] {
    return this.#engine.presets;
  }

  /** Mel values of one input. */
  async mel(input: Input, options: MelOptions = {}): Promise<Mel> {
    for await (const mel of this.melEach([input], options)) {
      if (mel instanceof EarprintError) throw mel;
      return mel;
    }
    throw new EarprintError('E_CRASHED', 'no outcome came back');
  }

  /** Mel values of many inputs, in their order. What is wrong with one input is yielded in its place. */
  async *melEach(inputs: Iterable<Input>, options: MelOptions = {}): AsyncGenerator<Mel | EarprintError> {
    const { preset = 'librosa', dtype = 'f32', signal, onProgress } = options;
    signal?.throwIfAborted();
    const all = [...inputs].map(tryRaw);
    let most = 1;
    for (let at = 0; at < all.length; ) {
      const portion = take(all, at, most);
      most = Math.min(MOST_INPUTS, 2 * most);
      const good = portion.filter((raw): raw is Raw => !(raw instanceof EarprintError));
      const computed = good.length > 0 ? await untilAborted(this.#melOf(good, preset, dtype), signal) : undefined;
      this.#engine.info.events.push(...(computed?.events ?? []));
      let next = 0;
      for (const raw of portion) {
        at += 1;
        onProgress?.({ done: at, total: all.length });
        yield raw instanceof EarprintError ? raw : melOf(computed!.outcomes[next++]!, raw, preset);
        signal?.throwIfAborted();
      }
    }
  }

  /**
   * A portion. Where the engine itself is lost with it, its inputs are asked one by one: the next call opens another
   * engine.
   */
  async #melOf(inputs: Raw[], preset: PresetName, dtype: NonNullable<MelOptions['dtype']>): Promise<Portion> {
    if (inputs.length === 1) {
      return this.#engine.mel(inputs, preset, dtype).catch((thrown: unknown) => {
        return { outcomes: [{ index: 0, ...ofCrash(thrown) } satisfies Outcome], events: [] };
      });
    }
    try {
      return await this.#engine.mel(inputs, preset, dtype);
    } catch (thrown) {
      ofCrash(thrown);
    }
    const out: Portion = { outcomes: [], events: [] };
    for (const [index, raw] of inputs.entries()) {
      const { outcomes, events } = await this.#melOf([raw], preset, dtype);
      out.outcomes.push({ ...outcomes[0]!, index });
      out.events.push(...events);
    }
    return out;
  }

  /** The record of one track: its 25 numbers and the wider table. */
  async describe(input: Input, options: DescribeOptions = {}): Promise<TrackRecord> {
    for await (const record of this.describeEach([input], options)) {
      if (record instanceof EarprintError) throw record;
      return record;
    }
    throw new EarprintError('E_CRASHED', 'no outcome came back');
  }

  /** Records of many tracks, in their order, one at a time. What is wrong with one input is yielded in its place. */
  async *describeEach(
    inputs: Iterable<Input>,
    options: DescribeOptions = {},
  ): AsyncGenerator<TrackRecord | EarprintError> {
    const { signal, onProgress } = options;
    signal?.throwIfAborted();
    const all = [...inputs].map(tryRaw);
    const total = all.length;
    for (const [done, raw] of all.entries()) {
      let outcome: TrackRecord | EarprintError;
      if (raw instanceof EarprintError) {
        outcome = raw;
      } else {
        const onPart = (part: number) => {
          if (signal?.aborted !== true) onProgress?.({ done, total, part });
        };
        const described = await untilAborted(this.#engine.describe(raw, { signal, onPart }).catch(ofCrash), signal);
        if (described.event !== undefined) this.#engine.info.events.push(described.event);
        const failed = 'code' in described;
        outcome = failed ? new EarprintError(described.code, described.reason, nameOf(raw)) : described.record;
      }
      onProgress?.({ done: done + 1, total, part: 0 });
      yield outcome;
      signal?.throwIfAborted();
    }
  }

  /**
   * Rows in clusters, by k-means: the numbers of `earprint cluster`. Of tracks each cluster has a name and words; one without numbers keeps
   * its place, with the label -1. In Node the call computes on the calling thread; in browsers in the worker, where other calls wait for it,
   * with its threads and, where one was opened, on the GPU.
   */
  async cluster(rows: Rows | readonly TrackRow[], options: ClusterOptions = {}): Promise<Clustering> {
    const { job, total } = clusterJob(rows, options);
    const found = (await this.#collect(job, total, options)) as Clustering;
    return { ...found, clusters: found.clusters ?? null };
  }

  /** A place in the plane for every row, near where rows are alike. Computes where `cluster` does. */
  async map(rows: Rows | readonly TrackRow[], options: MapOptions = {}): Promise<CollectionMap> {
    const { job, total } = mapJob(rows, options);
    return (await this.#collect(job, total, options)) as CollectionMap;
  }

  /**
   * A listening order, smooth from track to track, as `earprint order` finds it: by tempo, key, energy and timbre. Time grows with the square of the
   * tracks, and nothing is heard meanwhile: an abort in between rejects at once, but what was begun is computed to its end.
   */
  async order(tracks: readonly TrackRow[], options: OrderOptions = {}): Promise<ListeningOrder> {
    const { job, rows } = orderJob(tracks, options);
    return orderOfRows((await this.#collect(job, 0, options)) as ListeningOrder, rows, tracks.length);
  }

  /** The tags that each track has, compared with all of these; highest degree first. */
  async tags(tracks: readonly TrackRow[], options: Pick<CollectionOptions, 'signal'> = {}): Promise<Tag[][]> {
    const { values, columns } = numbersOf([...tracks]);
    return (await this.#collect({ verb: 'tags', values, columns, options: {} }, 0, options)) as Tag[][];
  }

  async #collect(job: CollectionJob, total: number, { signal, onProgress }: CollectionOptions): Promise<unknown> {
    signal?.throwIfAborted();
    const onDone = (done: number) => {
      if (signal?.aborted !== true) onProgress?.({ done, total });
    };
    return untilAborted(this.#engine.collect(job, { signal, onDone }), signal);
  }

  /** Ends the worker and frees its memory. Calls under way reject. */
  dispose(): void {
    this.#engine.dispose();
  }
}

// Older engines lack the symbol: a method named by it would be called "undefined".
export interface Earprint extends Disposable {}
if (Symbol.dispose !== undefined) Earprint.prototype[Symbol.dispose] = Earprint.prototype.dispose;

/** A crash as the outcome of one input; anything else is thrown on. */
function ofCrash(thrown: unknown): { code: string; reason: string; event?: string } {
  if (!(thrown instanceof EarprintError) || thrown.code !== 'E_CRASHED') throw thrown;
  return { code: thrown.code, reason: thrown.message };
}

function tryRaw(input: Input): Raw | EarprintError {
  try {
    return rawOf(input);
  } catch (error) {
    return error as EarprintError;
  }
}

function take(all: (Raw | EarprintError)[], at: number, most: number): (Raw | EarprintError)[] {
  let end = at;
  for (let bytes = 0; end < all.length && end - at < most; end += 1) {
    const raw = all[end]!;
    bytes += raw instanceof EarprintError ? 0 : weight(raw);
    if (end > at && bytes > MOST_BYTES) break;
  }
  return all.slice(at, end);
}

function melOf(outcome: Outcome, raw: Raw, preset: PresetName): Mel | EarprintError {
  const file = nameOf(raw);
  if ('code' in outcome) return new EarprintError(outcome.code, outcome.reason, file);
  const { index: _, ...mel } = outcome;
  return { ...mel, preset, file };
}

/** The promise, or the signal's reason as soon as it aborts; what is still computed then is dropped. */
function untilAborted<T>(promise: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (signal === undefined) return promise;
  return new Promise((resolve, reject) => {
    const abort = () => reject(signal.reason as Error);
    signal.addEventListener('abort', abort, { once: true });
    void promise.then(resolve, reject).finally(() => signal.removeEventListener('abort', abort));
  });
}
