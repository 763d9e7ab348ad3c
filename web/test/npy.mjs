// Arrays of NumPy's files (version 1) as typed arrays; in Node and in pages.

const TYPES = { '<f4': Float32Array, '<f8': Float64Array, '<i4': Int32Array };

/** `{values, shape}` of the bytes of a file. */
export function npy(bytes) {
  const length = bytes[8] + 256 * bytes[9];
  const head = new TextDecoder().decode(bytes.subarray(10, 10 + length));
  const shape = /'shape': \(([^)]*)\)/.exec(head)[1].split(',').filter((n) => n.trim() !== '').map(Number);
  const type = TYPES[/'descr': '([^']*)'/.exec(head)[1]];
  // A copy: what Node reads lies anywhere in a pool.
  return { values: new type(Uint8Array.from(bytes.subarray(10 + length)).buffer), shape };
}
