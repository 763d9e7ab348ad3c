// One error class. `code` is stable; messages may change.

const HINTS: Record<string, string> = {
  E_CHANNELS: 'mix the file down',
  E_CHANNEL_LENGTH: 'pass channels of equal length',
  E_CLUSTERS: 'ask for no more clusters than there are rows',
  E_CRASHED: 'go on with other inputs, which are not affected; please report this one',
  E_DECODE: 'download or export the file again',
  E_DECODE_TRUNCATED: 'download or copy the file again',
  E_DECODER_PANICKED: 'go on with other inputs, which are not affected; please report this one',
  E_DEVICE: 'pass device: "auto", "cpu" or "webgpu"',
  E_DISPOSED: 'call open() for a new instance',
  E_DTYPE: 'pass dtype: "f32" or "f16"',
  E_DURATION_UNKNOWN: 'limit the number of tracks instead of the time',
  E_EMPTY: 'check that the recording is not empty',
  E_ENVIRONMENT: 'call open() in a browser or in Node 20 or later; importing alone is safe anywhere',
  E_GPU_NO_DEVICE: 'open with device: "auto" or "cpu"',
  E_INIT: 'give k rows of finite numbers in the units of the rows',
  E_INPUT: 'pass a File, Blob, ArrayBuffer, Uint8Array, {pcm, sampleRate}, or in Node a path',
  E_IO: 'check the path and its permissions',
  E_LIMIT_DURATION: 'give more time',
  E_LIMIT_TRACKS: 'allow at least the tracks that are fixed as ends',
  E_LOAD: 'serve the package files unchanged, .wasm as application/wasm, and allow wasm-unsafe-eval in a CSP',
  E_MALFORMED: 'download or export the file again',
  E_NEIGHBOURS: 'give 1 to 1000',
  E_NON_FINITE: 'put NaN where a number is unknown',
  E_NOT_AUDIO: 'check that the file is what its name says',
  E_OPTION: 'see the types of the call',
  E_OUT_OF_MEMORY: 'split the input',
  E_PER_ARTIST: 'allow more of a group, or change an end',
  E_PRESET: 'pass one of the names in presets()',
  E_ROWS: 'pass what describe() returned, or {values: Float32Array, columns}',
  E_SAME_ENDS: 'give two different tracks',
  E_SAMPLE_RATE: 'resample the input or repair its header',
  E_SCALE: 'divide the column by a power of ten',
  E_SCHEMA_MIX: 'describe the tracks again by this version',
  E_SHAPE: 'pass whole rows, at least one, and a weight for each if any',
  E_THREADS: 'open with threads: 1',
  E_TOO_FEW: 'ask for fewer clusters',
  E_TOO_LARGE: 'split the file',
  E_TOO_SHORT: 'give more sound, or a preset with a smaller n_fft',
  E_UNSUPPORTED: 'convert the file, for example to FLAC or 16-bit WAV',
  E_WEIGHTS: 'give at least one row a number, and weights that are counts',
};

/** Everything this package throws, but for the reason of an abort. */
export class EarprintError extends Error {
  override readonly name = 'EarprintError';
  /** Stable, such as `E_NOT_AUDIO`. */
  readonly code: string;
  /** What to do; empty where nothing general can be said. */
  readonly hint: string;
  /** Name of the file it is about. */
  readonly file: string | undefined;

  constructor(code: string, message: string, file?: string) {
    super(message);
    this.code = code;
    this.hint = HINTS[code] ?? '';
    this.file = file;
  }
}

/** What was thrown, as this class. An error without a code is a broken promise of ours. */
export function asEarprintError(thrown: unknown): EarprintError {
  if (thrown instanceof EarprintError) return thrown;
  const { code, message } = (thrown ?? {}) as { code?: unknown; message?: unknown };
  const text = typeof message === 'string' ? message : String(thrown);
  return new EarprintError(typeof code === 'string' && code.startsWith('E_') ? code : 'E_CRASHED', text);
}
