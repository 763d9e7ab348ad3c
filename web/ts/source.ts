// Files as the wasm reads them: bytes from any place, at the moment it asks for them. What stays here is a window.

import { EarprintError } from './errors.js';
import type { Raw } from './input.js';
import type { Pcm } from './types.js';

/** A file that can be read anywhere. */
export interface Source {
  /** Length, bytes. */
  bytes: number;
  /** At most `length` bytes from `at` on; fewer where the file ends. Throws what keeps it from that. */
  read(at: number, length: number): Uint8Array;
  close(): void;
}

/** How a place opens what it was given. */
export type OpenSource = (raw: Raw) => Source | Promise<Source>;

/** Exists in workers only. */
declare const FileReaderSync: undefined | { new (): { readAsArrayBuffer(blob: Blob): ArrayBuffer } };

/** Bytes fetched of a blob at once: each turn asks another process. */
const WINDOW = 1 << 20;

/** Everything but paths. In a worker a blob stays where it is; elsewhere it is read whole. */
export const openSource: OpenSource = async (raw) => {
  if ('bytes' in raw) return ofBytes(raw.bytes);
  if ('pcm' in raw) return ofPcm(raw);
  if ('code' in raw) throw new EarprintError(raw.code, raw.reason);
  if ('path' in raw) throw new EarprintError('E_INPUT', 'the input is a string; paths are for Node');
  if (typeof FileReaderSync !== 'undefined') return ofBlob(raw.blob, new FileReaderSync());
  try {
    return ofBytes(new Uint8Array(await raw.blob.arrayBuffer()));
  } catch (error) {
    throw new EarprintError('E_IO', `cannot read ${raw.name ?? 'the blob'}: ${(error as Error).message}`);
  }
};

function ofBytes(bytes: Uint8Array): Source {
  return { bytes: bytes.byteLength, read: (at, length) => bytes.subarray(at, at + length), close: () => undefined };
}

function ofBlob(blob: Blob, reader: { readAsArrayBuffer(blob: Blob): ArrayBuffer }): Source {
  let from = 0;
  let window = new Uint8Array(0);
  const read = (at: number, length: number) => {
    const end = Math.min(at + length, blob.size);
    if (at < from || end > from + window.byteLength) {
      window = new Uint8Array(reader.readAsArrayBuffer(blob.slice(at, at + Math.max(length, WINDOW))));
      from = at;
    }
    return window.subarray(at - from, at - from + length);
  };
  return { bytes: blob.size, read, close: () => undefined };
}

const HEADER = 44;

/** Channels, read as the WAV of 32-bit floats they would be: same door, same `audio_id`. */
function ofPcm({ pcm, sampleRate }: Pcm): Source {
  const frames = pcm[0]?.length ?? 0;
  const uneven = pcm.findIndex((plane) => plane.length !== frames);
  if (uneven >= 0) {
    const what = `channel ${uneven} has ${pcm[uneven]!.length} samples; expected ${frames} like channel 0`;
    throw new EarprintError('E_CHANNEL_LENGTH', what);
  }
  if (frames === 0) throw new EarprintError('E_EMPTY', 'no audio: pcm holds 0 frames; expected at least one');
  if (!Number.isInteger(sampleRate) || sampleRate < 0 || sampleRate > 0xffff_ffff) {
    throw new EarprintError('E_SAMPLE_RATE', `sample rate ${sampleRate} Hz; expected a whole number of Hz`);
  }
  const width = 4 * pcm.length;
  const bytes = HEADER + frames * width;
  const header = headerOf(pcm.length, sampleRate, bytes - HEADER);
  const read = (at: number, length: number) => {
    if (at < HEADER) return header.subarray(at, Math.min(HEADER, at + length));
    const first = Math.floor((at - HEADER) / width);
    const last = Math.min(frames, Math.ceil((at - HEADER + length) / width));
    if (last <= first) return new Uint8Array(0);
    const out = new DataView(new ArrayBuffer((last - first) * width));
    pcm.forEach((plane, c) => {
      for (let n = first; n < last; n += 1) out.setFloat32((n - first) * width + 4 * c, plane[n]!, true);
    });
    const skip = at - HEADER - first * width;
    return new Uint8Array(out.buffer).subarray(skip, skip + length);
  };
  return { bytes, read, close: () => undefined };
}

function headerOf(channels: number, rate: number, data: number): Uint8Array {
  const out = new DataView(new ArrayBuffer(HEADER));
  const text = (at: number, word: string) => [...word].forEach((c, i) => out.setUint8(at + i, c.charCodeAt(0)));
  const u32 = (at: number, value: number) => out.setUint32(at, Math.min(value, 0xffff_ffff), true);
  const u16 = (at: number, value: number) => out.setUint16(at, Math.min(value, 0xffff), true);
  text(0, 'RIFF');
  u32(4, HEADER - 8 + data);
  text(8, 'WAVEfmt ');
  u32(16, 16);
  // 3: floats.
  u16(20, 3);
  u16(22, channels);
  u32(24, rate);
  u32(28, rate * channels * 4);
  u16(32, channels * 4);
  u16(34, 32);
  text(36, 'data');
  u32(40, data);
  return new Uint8Array(out.buffer);
}
