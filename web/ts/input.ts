// From what a caller has to what travels to the machine that computes.

import { EarprintError } from './errors.js';
import type { Input, Pcm } from './types.js';

/** An input under way. Blobs are read where they are decoded; paths are Node's; `{code, reason}` could not be read. */
export type Raw =
  | { blob: Blob; name?: string }
  | { bytes: Uint8Array; name?: string }
  | { path: string; name: string }
  | { code: string; reason: string }
  | Pcm;

export function rawOf(input: Input): Raw {
  if (typeof input === 'string') return { path: input, name: input };
  if (input instanceof Uint8Array) return { bytes: input };
  if (input instanceof ArrayBuffer) return { bytes: new Uint8Array(input) };
  if (typeof Blob !== 'undefined' && input instanceof Blob) {
    const name = (input as Partial<File>).name;
    return name === undefined ? { blob: input } : { blob: input, name };
  }
  const { pcm, sampleRate } = (input ?? {}) as Partial<Pcm>;
  if (Array.isArray(pcm) && pcm.every((plane) => plane instanceof Float32Array) && typeof sampleRate === 'number') {
    return { pcm, sampleRate };
  }
  const came = input === null ? 'null' : ((input as object | undefined)?.constructor?.name ?? typeof input);
  throw new EarprintError('E_INPUT', `the input is ${came}; expected sound (see Input)`);
}

/** Bytes to hold while it waits; a guess for a path. */
export function weight(raw: Raw): number {
  if ('blob' in raw) return raw.blob.size;
  if ('bytes' in raw) return raw.bytes.byteLength;
  if ('path' in raw) return 4 << 20;
  if ('code' in raw) return 0;
  return raw.pcm.reduce((sum, plane) => sum + plane.byteLength, 0);
}

export function nameOf(raw: Raw): string | undefined {
  return 'name' in raw ? raw.name : undefined;
}
