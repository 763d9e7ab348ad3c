// Collections: rows of numbers in, clusters, maps and words out. Types, and the checks of what a caller hands over.

import { EarprintError } from './errors.js';
import type { TrackDescriptor, TrackRecord } from './track.js';

/** Rows of any numbers: `values` holds one row after another, `columns` numbers each, NaN where one is unknown. */
export interface Rows {
  values: Float32Array;
  columns: number;
}

/** A record, or what stands in the place of one without numbers: an error, or a failed line of `earprint analyze --json`. */
export type TrackRow = TrackRecord | Error | { descriptor: null };

export interface CollectionOptions {
  /** Seed of whatever is drawn, 0 to 2^53 - 1. Default 0. */
  seed?: number;
  /**
   * The call rejects at once with the signal's reason. In a browser that is cross-origin isolated the worker then stops within a pass, and in Node
   * if it aborts in `onProgress`; elsewhere what was begun is computed to its end and dropped, and other calls wait for it.
   */
  signal?: AbortSignal;
  /** Called while it computes. */
  onProgress?: (progress: CollectionProgress) => void;
}

export interface CollectionProgress {
  /** Passes over the rows (of all starts), or epochs of a map. */
  done: number;
  /** Most there can be; clusters usually settle long before. */
  total: number;
}

/** What makes columns comparable: mean and deviation, median and quartiles, or nothing. */
export type Scale = 'none' | 'zscore' | 'robust';

export interface ClusterOptions extends CollectionOptions {
  /** Number of clusters, 1 to the number of rows. Without: the one whose silhouette is reliably best; no progress is told while it is looked for. */
  k?: number;
  /** Highest number to try where none is given, 2 to 1000. Default 20. */
  kMax?: number;
  /** Starts from different rows, 1 to 1000; the best is kept. Default 4; once from `init` and with `batch`. */
  starts?: number;
  /** Most passes over the rows. Default 300. */
  maxIter?: number;
  /** Ends once the squared moves of all centres sum up to this share of a column's mean variance, 0 to 1. Default 0: when no label changes. */
  tol?: number;
  /** Default `zscore`. */
  scale?: Scale;
  /** First centres, `k` rows in the units of the input, instead of k-means++. */
  init?: Float64Array;
  /** How often each row counts. Default once. */
  weights?: Uint32Array;
  /**
   * Where nearest centres are found; no number depends on it. `webgpu` is one or rejects with `E_GPU_NO_DEVICE`. `auto` takes a GPU for a large job if it
   * is faster on the first rows; never a software rasteriser. Default: what was asked for at `open`, and `cpu` where that found no GPU.
   */
  device?: 'auto' | 'cpu' | 'webgpu';
  /** Centres from random batches of so many rows, then one pass over all. `maxIter` then counts batches. */
  batch?: number;
}

/** Rows in clusters. Ids are by size, then by first member. */
export interface Clustering {
  k: number;
  columns: number;
  /** Cluster of each row; -1: it has no number at all, or the weight 0. */
  labels: Int32Array;
  /** `(k, columns)`, in the units of the input. */
  centres: Float64Array;
  /** Weight of each cluster: its rows. */
  sizes: number[];
  /** Weighted sum of squared distances to the centres, scaled. */
  inertia: number;
  iterations: number;
  /** No label changed any more, the centres moved less than `tol`, or after `maxIter`. */
  ended: 'settled' | 'idle' | 'tolerance' | 'max_iter' | 'stopped';
  /** -1 to 1, higher is better; null with fewer than two clusters with rows, or as many as rows. */
  silhouette: number | null;
  /** 0 and up; higher is better. */
  calinskiHarabasz: number | null;
  /** 0 and up; lower is better. */
  daviesBouldin: number | null;
  /** How `k` was found; null where it was given. */
  choice: Choice | null;
  /** What each cluster is, by id; null where the rows are no tracks. */
  clusters: Cluster[] | null;
  /** What found the nearest centres: `cpu`, `webgpu`, or `webgpu+cpu` where the GPU was given up on the way. */
  backend: string;
  /** Why this one. */
  why: string;
  /** Instruction set; no number depends on it. */
  simd: string;
}

/** Why this number of clusters. */
export interface Choice {
  k: number;
  runnerUp: number | null;
  /** Rows of a resample. */
  resampleRows: number;
  tried: Tried[];
}

export interface Tried {
  k: number;
  /** Mean silhouette of the resamples. */
  silhouette: number;
  /** Its deviation over them; silhouette less spread decides. */
  spread: number;
  /** How alike the resamples are cut, 1: all alike. */
  stability: number;
}

/** A cluster of tracks in words, which compare it with this collection. */
export interface Cluster {
  /** Such as `bright, very fast`; no two are equal. */
  name: string;
  /** What stands out, most first. */
  words: { word: string; dimension: keyof TrackDescriptor; /** Deviations from the middle of the collection. */ z: number }[];
  /** 1: all members are equal, 0: as unlike as the collection; null for an empty cluster. */
  homogeneity: number | null;
  /** The same in words. */
  alike: string | null;
  /** Rows of its most central tracks, most central first. */
  typical: number[];
  /** Rows of members that do not belong. */
  outliers: number[];
}

export interface MapOptions extends CollectionOptions {
  /** Neighbours of a row that are kept near, 1 to 1000. Default 15. */
  neighbours?: number;
  /** Default 750; 0 leaves the two principal components. */
  epochs?: number;
  /** Default `zscore`. Not for tracks: they lie on the scale of their collection, as in `similar`. */
  scale?: Scale;
  /** A weight of 0 or more for each column, all the same without. Not for tracks. */
  weights?: Float32Array;
}

/** Places in the plane. Who is near on the map is mostly near; distances between groups mean little. */
export interface CollectionMap {
  /** x and y of each row, -1 to 1, NaN for a row without a place: it knows nothing, or too little to be compared. */
  xy: Float32Array;
  /** 1 for rows most of whose neighbours are far away on the map. */
  torn: Uint8Array;
  /** Who is near on the map is near, 1 at best; NaN under three rows. */
  trustworthiness: number;
  /** Who is near is near on the map, 1 at best. */
  continuity: number;
  /** Rows these two were taken over. */
  measuredRows: number;
  /** Neighbours of a row, fewer than asked for where there are fewer rows. */
  neighbours: number;
  /** Neighbours are exact; else some hundredths of them may be missed. */
  exact: boolean;
  /** Epochs done. */
  epochs: number;
  /** What computed it: always `cpu`. */
  backend: string;
  simd: string;
}

export interface OrderOptions extends Omit<CollectionOptions, 'onProgress'> {
  /** The way of the energy: as it comes, up to a peak and down, or one direction. Default `free`. */
  shape?: 'free' | 'arc' | 'rise' | 'fall' | 'flat';
  /** Where an arc has its peak, as a share of the sequence, 0 to 1. Default 0.7. */
  peak?: number;
  /** Row of the first track. With `to`, and no shape, the sequence is a path from one to the other. */
  from?: number;
  /** Row of the last track. */
  to?: number;
  /** Most tracks; which ones is chosen to fit. */
  tracks?: number;
  /** Most seconds in all. */
  seconds?: number;
  /** Whose tracks should not crowd, by row; `null` is nobody's. Default: by the folders of the paths. */
  groups?: readonly (string | null)[];
  /** Most tracks of one group. */
  perGroup?: number;
  /** Tracks between two of one group, at least. Where that cannot be: as few nearer as possible. */
  gap?: number;
}

/** Tracks one after another. All costs: lower is smoother. */
export interface ListeningOrder {
  /** Rows. */
  sequence: number[];
  /** Between them: one fewer. */
  transitions: OrderStep[];
  /** Cost of all transitions, and of what positions are off the wanted energy. */
  total: number;
  /** The same of the best greedy order. */
  greedy: number;
  /** The same of random orders of these tracks. */
  random: { orders: number; mean: number | null; deviation: number | null };
  /** Pairs of one group that are nearer than `gap`. */
  tooNear: number;
  /** Rows that are not in the sequence, and why: `no_numbers`, or a limit. */
  leftOut: { row: number; reason: 'no_numbers' | 'per_artist' | 'tracks' | 'duration' | 'duration_unknown' }[];
  /** What a listener may stumble over: a leap from one track to the next, and such. */
  findings: { /** Place in the sequence, from 0. */ at: number; kind: string; /** 0 to 1. */ severity: number; words: string }[];
  /** What computed it: always `cpu`. */
  backend: string;
}

export interface OrderStep {
  /** 0 to 1; null where nothing is known. */
  cost: number | null;
  parts: Record<'tempo' | 'key' | 'energy' | 'timbre', number | null>;
  /** Such as `tempo +6 %, 1 key step, +2.1 LU`. */
  words: string;
}

/** A tag that a track has, and how much, 0.5 to 1. */
export interface Tag {
  tag: string;
  degree: number;
}

/** The numbers of a track in the order of rows. */
export const DIMENSIONS: readonly (keyof TrackDescriptor)[] = [
  ...(['sub_bass', 'bass', 'low_mid', 'mid', 'upper_mid', 'presence', 'air'] as const),
  ...(['loudness', 'crest', 'bass_mid_ratio', 'tempo', 'rhythm_stability', 'onset_rate', 'silence_ratio'] as const),
  ...(['centroid', 'rolloff', 'flatness', 'harmonic_ratio', 'pitch_stability', 'chroma_concentration'] as const),
  ...(['crest_variation', 'loudness_variation', 'peak_consistency', 'stereo_width', 'phase_correlation'] as const),
];

const SCHEMA = 'trk-1';

/** What is asked of a collection, as it travels. */
export interface CollectionJob {
  verb: 'cluster' | 'map' | 'order' | 'tags';
  values: Float32Array;
  columns: number;
  options: Record<string, unknown>;
  /** For `order`: what else is known of each track. */
  about?: AboutTrack[];
}

interface AboutTrack {
  duration: number | null;
  key: string | null;
  mode: string | null;
  group: string | null;
}

/** Rows as numbers, and whether they are of tracks. */
export function numbersOf(rows: Rows | readonly TrackRow[]): Rows & { tracks: boolean } {
  if (Array.isArray(rows)) return { values: valuesOf(rows), columns: DIMENSIONS.length, tracks: true };
  const { values, columns } = (rows ?? {}) as Partial<Rows>;
  if (!(values instanceof Float32Array)) {
    throw new EarprintError('E_ROWS', 'the rows are neither records of tracks nor {values: Float32Array, columns}');
  }
  if (!isWhole(columns, 1, 2 ** 31)) throw new EarprintError('E_ROWS', `columns is ${columns}; expected a whole number from 1`);
  return { values, columns, tracks: false };
}

function valuesOf(rows: readonly TrackRow[]): Float32Array {
  const values = new Float32Array(rows.length * DIMENSIONS.length).fill(NaN);
  for (const [at, row] of rows.entries()) {
    if (row instanceof Error) continue;
    if (row === null || typeof row !== 'object' || !('descriptor' in row)) {
      throw new EarprintError('E_ROWS', `row ${at} is no record of a track`);
    }
    if (row.descriptor === null) continue;
    if (row.schema !== SCHEMA) {
      const words = `row ${at} is of version ${row.schema}; expected ${SCHEMA}: numbers of two versions are not compared`;
      throw new EarprintError('E_SCHEMA_MIX', words);
    }
    for (const [j, name] of DIMENSIONS.entries()) values[at * DIMENSIONS.length + j] = row.descriptor[name] ?? NaN;
  }
  return values;
}

function isWhole(value: unknown, low: number, high: number): value is number {
  return Number.isInteger(value) && (value as number) >= low && (value as number) <= high;
}

/** Ranges of options that are whole numbers. */
const WHOLE: Record<string, [number, number]> = {
  seed: [0, Number.MAX_SAFE_INTEGER],
  k: [1, 2 ** 32 - 1],
  kMax: [2, 1000],
  starts: [1, 1000],
  maxIter: [1, 2 ** 32 - 1],
  batch: [1, 2 ** 32 - 1],
  neighbours: [1, 1000],
  epochs: [0, 2 ** 32 - 1],
  from: [0, 2 ** 32 - 1],
  to: [0, 2 ** 32 - 1],
  tracks: [1, 2 ** 32 - 1],
  perGroup: [1, 2 ** 32 - 1],
  gap: [0, 2 ** 32 - 1],
};

/** Options that are one of some words. */
const WORDS: Record<string, readonly string[]> = {
  scale: ['none', 'zscore', 'robust'],
  device: ['auto', 'cpu', 'webgpu'],
  shape: ['free', 'arc', 'rise', 'fall', 'flat'],
};

/** The options that count for a verb, checked. An unknown one is refused: it would be a wish that nobody hears. */
export function checked(options: object, known: readonly string[]): Record<string, unknown> {
  const refuse = (words: string) => new EarprintError('E_OPTION', words);
  const out: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(options)) {
    if (value === undefined || name === 'signal' || name === 'onProgress') continue;
    if (!known.includes(name)) throw refuse(`option ${name} does not belong here; expected some of ${known.join(', ')}`);
    const range = WHOLE[name];
    if (range !== undefined && !isWhole(value, ...range)) {
      throw refuse(`${name} is ${String(value)}; expected a whole number from ${range[0]} to ${range[1]}`);
    }
    if ((name === 'tol' || name === 'peak') && !(typeof value === 'number' && value >= 0 && value <= 1)) {
      throw refuse(`${name} is ${String(value)}; expected a number from 0 to 1`);
    }
    if (name === 'seconds' && !(typeof value === 'number' && value > 0 && value < Infinity)) {
      throw refuse(`seconds is ${String(value)}; expected a number above 0`);
    }
    const words = WORDS[name];
    if (words !== undefined && !words.includes(value as string)) {
      throw refuse(`${name} is ${String(value)}; expected one of ${words.join(', ')}`);
    }
    if (name === 'init' && !(value instanceof Float64Array)) throw refuse('init is no Float64Array');
    out[name] = value;
  }
  return out;
}

const CLUSTER = ['seed', 'k', 'kMax', 'starts', 'maxIter', 'tol', 'scale', 'init', 'weights', 'batch', 'device'];

export function clusterJob(rows: Rows | readonly TrackRow[], options: ClusterOptions): { job: CollectionJob; total: number } {
  const { values, columns, tracks } = numbersOf(rows);
  const given = checked(options, CLUSTER);
  const { weights, init, batch, starts, maxIter = 300 } = options;
  if (weights !== undefined && !(weights instanceof Uint32Array)) throw new EarprintError('E_OPTION', 'weights is no Uint32Array');
  if (batch !== undefined && starts !== undefined) {
    throw new EarprintError('E_OPTION', 'batch and starts exclude each other; expected one of them');
  }
  if (batch !== undefined && options.device === 'webgpu') {
    throw new EarprintError('E_OPTION', 'batches are computed on the CPU; expected batch or device webgpu');
  }
  const times = init !== undefined || batch !== undefined ? 1 : (starts ?? 4);
  return { job: { verb: 'cluster', values, columns, options: { ...given, tracks } }, total: times * maxIter };
}

export function mapJob(rows: Rows | readonly TrackRow[], options: MapOptions): { job: CollectionJob; total: number } {
  const { values, columns, tracks } = numbersOf(rows);
  const given = checked(options, ['seed', 'neighbours', 'epochs', ...(tracks ? [] : ['scale', 'weights'])]);
  if (options.weights !== undefined && !(options.weights instanceof Float32Array)) {
    throw new EarprintError('E_OPTION', 'weights is no Float32Array');
  }
  return { job: { verb: 'map', values, columns, options: { ...given, tracks } }, total: options.epochs ?? 750 };
}

const ORDER = ['shape', 'peak', 'from', 'to', 'tracks', 'seconds', 'groups', 'perGroup', 'gap', 'seed'];

/** `rows[i]` is the row of the track that the job knows as `i`: rows without numbers have no place in it. */
export function orderJob(tracks: readonly TrackRow[], options: OrderOptions): { job: CollectionJob; rows: number[] } {
  const refuse = (words: string) => new EarprintError('E_OPTION', words);
  if (!Array.isArray(tracks)) throw new EarprintError('E_ROWS', 'the tracks are no array of records');
  const { groups, ...given } = checked(options, ORDER) as { groups?: unknown };
  const isGroups = (value: unknown): value is (string | null)[] =>
    Array.isArray(value) && value.length === tracks.length && value.every((g) => g === null || typeof g === 'string');
  if (groups !== undefined && !isGroups(groups)) throw refuse(`groups is no array of ${tracks.length} strings or nulls`);
  if (options.from !== undefined && options.from === options.to && options.tracks !== 1) {
    throw new EarprintError('E_SAME_ENDS', `from and to are both row ${options.from}`);
  }
  const all = valuesOf(tracks);
  const rows = tracks.flatMap((track, row) => ('descriptor' in track && track.descriptor !== null ? [row] : []));
  const about = rows.map((row): AboutTrack => {
    const { path, table } = tracks[row] as Partial<TrackRecord>;
    const { duration = null, key = null, mode = null } = table ?? {};
    return { duration, key, mode, group: groups === undefined ? folder(path) : groups[row]! };
  });
  const place = (name: 'from' | 'to') => {
    const row = options[name];
    if (row === undefined) return {};
    const at = rows.indexOf(row);
    if (at < 0) throw refuse(`${name} is ${row}; expected the row of a track with numbers`);
    return { [name]: at };
  };
  const values = new Float32Array(rows.length * DIMENSIONS.length);
  for (const [at, row] of rows.entries()) {
    values.set(all.subarray(row * DIMENSIONS.length, (row + 1) * DIMENSIONS.length), at * DIMENSIONS.length);
  }
  const ends = { ...place('from'), ...place('to') };
  return { job: { verb: 'order', values, columns: DIMENSIONS.length, options: { ...given, ...ends }, about }, rows };
}

/** What a path lies in; nothing for a bare name. */
function folder(path: string | undefined): string | null {
  const cut = Math.max(path?.lastIndexOf('/') ?? -1, path?.lastIndexOf('\\') ?? -1);
  return cut > 0 ? path!.slice(0, cut) : null;
}

/** An order by rows, from one by places. */
export function orderOfRows(found: ListeningOrder, rows: number[], all: number): ListeningOrder {
  const known = new Set(rows);
  const without = Array.from({ length: all }, (_, row) => row).filter((row) => !known.has(row));
  const limited = found.leftOut.map(({ row, reason }) => ({ row: rows[row]!, reason }));
  const leftOut = [...without.map((row) => ({ row, reason: 'no_numbers' as const })), ...limited];
  return { ...found, sequence: found.sequence.map((at) => rows[at]!), leftOut: leftOut.sort((a, b) => a.row - b.row) };
}
