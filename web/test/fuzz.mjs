// Damaged files for tests: seeds of every format, and a mutator that makes the same file of the same number everywhere.

import { existsSync, readFileSync, readdirSync } from 'node:fs';

/** Where whole files lie: those of the package's tests, and those of the native fuzzing where it is there. */
const FOLDERS = [new URL('sounds/', import.meta.url), new URL('../../tests/fuzz/seeds/', import.meta.url)];
const NO_SOUND = /\.(sh|md|py|json|toml|txt)$/;

/** Longest seed and longest result, bytes. */
const MOST_BYTES = 400_000;

/** Names of seeds and their bytes, in an order that does not depend on the machine. */
export function seeds() {
  const files = FOLDERS.filter((folder) => existsSync(folder)).flatMap((folder) =>
    readdirSync(folder, { withFileTypes: true })
      .filter((entry) => entry.isFile() && !NO_SOUND.test(entry.name))
      .map(({ name }) => ({ name, bytes: new Uint8Array(readFileSync(new URL(encodeURIComponent(name), folder))) })),
  );
  const fit = files.filter(({ bytes }) => bytes.length > 0 && bytes.length <= MOST_BYTES);
  return fit.sort((a, b) => (a.name < b.name ? -1 : a.name > b.name ? 1 : 0));
}

/** Integers at which sizes, counts and rates go wrong. */
const EXTREME = [
  0, 1, 2, 3, 7, 8, 16, 0x7f, 0x80, 0xff, 0x100, 0x7fff, 0x8000, 0xffff, 0x1_0000, 0x4000_0000, 0x7fff_ffff, 0x8000_0000, 0xffff_fffe, 0xffff_ffff,
  100, 44_100, 768_000, 768_001, 4_000_000_000,
];

/** What begins a structure with a size or a count nearby, by container. */
const MARKS = [
  ...['RIFF', 'RF64', 'ds64', 'fmt ', 'fact', 'data', 'LIST', 'bext', 'FORM', 'COMM', 'SSND', 'caff', 'desc', 'pakt', 'kuki', 'chan', 'info'],
  ...['ftyp', 'moov', 'mvhd', 'trak', 'tkhd', 'mdia', 'mdhd', 'minf', 'stbl', 'stsd', 'stsz', 'stts', 'stsc', 'stco', 'co64', 'mp4a', 'alac', 'esds'],
  ...['mdat', 'moof', 'traf', 'tfhd', 'tfdt', 'trun', 'mvex', 'trex', 'sidx', 'udta', 'meta', 'ilst', 'Opus', 'dOps', 'OpusHead', 'OpusTags'],
  ...['OggS', '\x01vorbis', '\x03vorbis', '\x05vorbis', 'BCV', 'fLaC', 'ID3', 'TAG', 'APETAGEX', 'Xing', 'Info', 'VBRI', 'LAME', 'wvpk'],
  ...['\x1aE\xdf\xa3', '\x18S\x80g', '\x16T\xaek', '\x1fC\xb6u', '\xff\xfb\x90\x64', '\xff\xf1\x50\x80', '\xff\xf8\xc9\x18'],
].map((text) => Uint8Array.from(text, (c) => c.charCodeAt(0)));

/** Random numbers by a seed: SplitMix32. */
export class Random {
  #state;

  constructor(seed) {
    this.#state = seed >>> 0;
  }

  u32() {
    this.#state = (this.#state + 0x9e37_79b9) >>> 0;
    let z = this.#state;
    z = Math.imul(z ^ (z >>> 16), 0x21f0_aaad);
    z = Math.imul(z ^ (z >>> 15), 0x735a_2d97);
    return (z ^ (z >>> 15)) >>> 0;
  }

  /** 0 to `n` - 1; 0 for an `n` of 0. */
  below(n) {
    return Math.floor((this.u32() / 2 ** 32) * n);
  }

  pick(list) {
    return list[this.below(list.length)];
  }

  chance(share) {
    return this.u32() < share * 2 ** 32;
  }
}

const concat = (...parts) => {
  const out = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    out.set(part, at);
    at += part.length;
  }
  return out;
};

function writeInteger(random, bytes, at, width, value) {
  if (at < 0 || at + width > bytes.length) return bytes;
  const little = random.chance(0.5);
  for (let i = 0; i < width; i += 1) bytes[at + (little ? i : width - 1 - i)] = i < 4 ? (value >>> (8 * i)) & 0xff : 0;
  return bytes;
}

/** Places of known marks, 400 at most. */
function structures(bytes) {
  const out = [];
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
  for (const mark of MARKS) {
    for (let at = text.indexOf(mark); at >= 0 && out.length < 400; at = text.indexOf(mark, at + 1)) out.push(at);
  }
  return out;
}

/** What is done to a file, with its weight. Each returns the new bytes. */
const OPERATIONS = [
  [18, function flipBits(random, bytes) {
    const end = random.chance(0.6) ? Math.min(bytes.length, random.pick([64, 256, 1024])) : bytes.length;
    for (let n = random.pick([1, 1, 2, 4, 16, 64, 256]); n > 0; n -= 1) bytes[random.below(end)] ^= 1 << random.below(8);
    return bytes;
  }],
  [8, function cut(random, bytes) {
    const near = Math.max(0, bytes.length - 1 - random.below(64));
    return bytes.slice(0, random.pick([random.below(bytes.length), random.below(Math.min(bytes.length, 128)), near]));
  }],
  [24, function extremeInStructure(random, bytes) {
    const places = structures(bytes);
    if (places.length === 0) return bytes;
    const at = random.pick(places) + random.pick([-8, -4, 4, 4, 8, 8, 10, 12, 14, 16, 18, 20, 22, 24, 28, 32, 36, 40]);
    const value = random.chance(0.8) ? random.pick(EXTREME) : random.u32();
    return writeInteger(random, bytes, at, random.pick([1, 2, 4, 4, 8]), value);
  }],
  [12, function extremeInHead(random, bytes) {
    const at = random.below(Math.min(bytes.length, random.pick([48, 200, 2000])));
    return writeInteger(random, bytes, at, random.pick([1, 2, 3, 4, 8]), random.pick(EXTREME));
  }],
  [8, function splice(random, bytes, all) {
    const other = random.pick(all).bytes;
    const [at, from] = [random.below(bytes.length), random.below(other.length)];
    const part = other.subarray(from, from + random.pick([16, 256, 4096, other.length]));
    return concat(bytes.subarray(0, at), part, random.chance(0.5) ? bytes.subarray(at) : new Uint8Array(0));
  }],
  [6, function insertMark(random, bytes) {
    const at = random.below(bytes.length);
    const size = writeInteger(random, new Uint8Array(4), 0, 4, random.pick(EXTREME));
    return concat(bytes.subarray(0, at), random.pick(MARKS), size, bytes.subarray(at));
  }],
  [6, function remove(random, bytes) {
    const at = random.below(bytes.length);
    return concat(bytes.subarray(0, at), bytes.subarray(at + random.pick([1, 2, 4, 8, 64, 1000])));
  }],
  [6, function repeat(random, bytes) {
    const at = random.below(bytes.length);
    const part = bytes.slice(at, at + random.pick([1, 4, 16, 64, 512, 4096]));
    return concat(bytes.subarray(0, at), ...Array(random.pick([2, 3, 9])).fill(part), bytes.subarray(at + part.length));
  }],
  [5, function fill(random, bytes) {
    const at = random.below(bytes.length);
    return bytes.fill(random.pick([0, 0xff, 0x80, 0x55]), at, at + random.pick([4, 32, 512, 4096]));
  }],
  [7, function noise(random, bytes) {
    const at = random.below(bytes.length);
    const end = Math.min(bytes.length, at + random.pick([4, 32, 512, 4096]));
    for (let i = at; i < end; i += 1) bytes[i] = random.below(256);
    return bytes;
  }],
];
const WEIGHTS = OPERATIONS.reduce((sum, [weight]) => sum + weight, 0);

function operation(random) {
  let left = random.below(WEIGHTS);
  return OPERATIONS.find(([weight]) => (left -= weight) < 0)[1];
}

/** The damaged file of a number: `{name, bytes, done}`, `done` in words. */
export function mutant(number, all) {
  const random = new Random(Math.imul(number + 1, 0x9e37_79b1));
  const { name, bytes: whole } = random.pick(all);
  let bytes = whole.slice();
  const done = [];
  for (let n = random.pick([1, 1, 1, 2, 2, 3, 5, 8]); n > 0 && bytes.length >= 4; n -= 1) {
    const damage = operation(random);
    done.push(damage.name);
    bytes = damage(random, bytes, all);
  }
  // A page whose sum is wrong is dropped before anything reads it.
  if (random.chance(0.7)) repairOgg(bytes);
  return { name, bytes: bytes.slice(0, MOST_BYTES), done: done.join(', ') };
}

const CRC = Uint32Array.from({ length: 256 }, (_, i) => {
  let crc = i << 24;
  for (let bit = 0; bit < 8; bit += 1) crc = crc & 0x8000_0000 ? (crc << 1) ^ 0x04c1_1db7 : crc << 1;
  return crc >>> 0;
});

/** Gives every complete Ogg page the sum that it should have (RFC 3533, section 6). */
export function repairOgg(bytes) {
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
  for (let at = text.indexOf('OggS'); at >= 0 && at + 27 <= bytes.length; at = text.indexOf('OggS', at + 4)) {
    const sizes = bytes.subarray(at + 27, at + 27 + bytes[at + 26]);
    const end = at + 27 + sizes.length + sizes.reduce((sum, size) => sum + size, 0);
    if (sizes.length < bytes[at + 26] || end > bytes.length) continue;
    bytes.fill(0, at + 22, at + 26);
    let crc = 0;
    for (let i = at; i < end; i += 1) crc = ((crc << 8) ^ CRC[(crc >>> 24) ^ bytes[i]]) >>> 0;
    new DataView(bytes.buffer, bytes.byteOffset).setUint32(at + 22, crc, true);
  }
}
