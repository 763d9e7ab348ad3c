// What goes in and what comes out: the words of the package.

/** Sound to analyse. A string is a path, in Node only. */
export type Input = Blob | ArrayBuffer | Uint8Array | Pcm | string;

/** Channels as floats of full scale 1, such as those of an `AudioBuffer`. */
export interface Pcm {
  pcm: Float32Array[];
  /** Hz. */
  sampleRate: number;
}

export type Device = 'auto' | 'cpu' | 'webgpu';

export interface OpenOptions {
  /** `auto` (default): a hardware GPU, else the CPU. `webgpu`: any adapter, software too, or an error. */
  device?: Device;
  /** Most CPU threads, one for each core without a number. More than one needs a cross-origin isolated page. */
  threads?: number;
  /** `wav`: a smaller download that reads WAV and `pcm` only. Default `all`. */
  decoders?: 'all' | 'wav';
}

export type PresetName = 'leak' | 'leak-64' | 'librosa' | 'whisper' | 'whisper-128';

export interface MelOptions {
  /** Which numbers. Default `librosa`. */
  preset?: PresetName;
  /** `f32` (default): Float32Array. `f16`: the bits of 16-bit floats as Uint16Array. */
  dtype?: 'f32' | 'f16';
  /** Stops between inputs; the call rejects at once with the signal's reason. */
  signal?: AbortSignal;
  /** Called after each input. */
  onProgress?: (progress: Progress) => void;
}

export interface Progress {
  done: number;
  total: number;
}

/** Mel values of one input. */
export interface Mel {
  preset: PresetName;
  /** `[rows, mels, frames]`, C order; one row for presets without windows. */
  shape: [number, number, number];
  values: Float32Array | Uint16Array;
  /** What computed it: `cpu` or `webgpu`. */
  backend: string;
  /** What decoded it, such as `earprint-wav`. */
  decoder: string;
  /** The input's own rate, Hz. */
  sampleRate: number;
  /** Samples per channel that were decoded. */
  framesRead: number;
  /** True where the input stopped early; `note` says where. */
  partial: boolean;
  /** What was not as the input promised. */
  note: string | undefined;
  /** Name of the file, where it has one. */
  file: string | undefined;
}

/** What runs, and why. */
export interface Info {
  version: string;
  backend: string;
  /** Device as its driver names it, or instruction set and threads. */
  device: string;
  /** True for a GPU that is a program on the CPU. */
  software: boolean;
  /** Why this device. */
  why: string;
  /** CPU threads. */
  threads: number;
  simd: string;
  decoders: 'all' | 'wav';
  crossOriginIsolated: boolean;
  /** What happened on the way and changed the course, such as a lost GPU. */
  events: string[];
}

/** What a preset is, for axes. */
export interface Preset {
  name: PresetName;
  /** Hz; other inputs are resampled. */
  sampleRate: number;
  nFft: number;
  hopLength: number;
  nMels: number;
  fMin: number;
  fMax: number;
  melScale: 'htk' | 'slaney';
  /** Unit of the values. */
  unit: string;
  /** True: rows are windows of a clip of fixed length. */
  windows: boolean;
  /** Centre of each band, Hz. */
  bandHz: Float64Array;
}
