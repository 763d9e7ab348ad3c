// The comparer of the JavaScript tests: equal bits, or by how much they differ.

/** What two arrays of 32-bit floats differ by: `{equal, text}`. */
export function compareBits(want, got) {
  if (want.length !== got.length) return { equal: false, text: `${want.length} values expected, ${got.length} came` };
  const bits = (v) => new Uint32Array(v.buffer, v.byteOffset, v.length);
  const [a, b] = [bits(want), bits(got)];
  let differing = 0;
  let largest = 0;
  for (let i = 0; i < a.length; i += 1) {
    if (a[i] === b[i]) continue;
    differing += 1;
    const distance = Math.abs(want[i] - got[i]);
    largest = Math.max(largest, Number.isNaN(distance) ? Infinity : distance);
  }
  if (differing === 0) return { equal: true, text: `${want.length} equal bits` };
  return { equal: false, text: `${differing} of ${want.length} differ, by up to ${largest.toExponential(2)}` };
}

/** Values of a file of little-endian floats. */
export function floats(bytes) {
  return new Float32Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength));
}
