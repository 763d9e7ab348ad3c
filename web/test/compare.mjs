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

/** Every field of a record by its path: `{'descriptor.tempo': 120, …}`. */
function fields(value, path = '', out = {}) {
  for (const [key, inner] of Object.entries(value)) {
    if (inner !== null && typeof inner === 'object') fields(inner, `${path}${key}.`, out);
    else out[path + key] = inner;
  }
  return out;
}

/** What a clustering differs from the command's by, in any bit: `{equal, text}`. */
export function compareClusterings(want, got) {
  const choice = got.choice && { k: got.choice.k, runner_up: got.choice.runnerUp, resample_rows: got.choice.resampleRows, tried: got.choice.tried };
  const plain = { ...got, labels: [...got.labels], centres: [...got.centres], choice };
  const [a, b] = [fields(want), fields(Object.fromEntries(Object.keys(want).map((key) => [key, plain[key]])))];
  const keys = [...new Set([...Object.keys(a), ...Object.keys(b)])];
  const differ = keys.filter((key) => !Object.is(a[key], b[key]));
  if (differ.length === 0) return { equal: true, text: `${keys.length} equal numbers` };
  const [first] = differ;
  return { equal: false, text: `${differ.length} of ${keys.length} numbers differ; ${first}: ${a[first]} and ${b[first]}` };
}

/** What two records differ by, in any bit: `{equal, text}`. */
export function compareRecords(want, got) {
  const [a, b] = [fields(want), fields(got)];
  const keys = [...new Set([...Object.keys(a), ...Object.keys(b)])];
  const differ = keys.filter((key) => !Object.is(a[key], b[key]));
  const text = differ.length === 0 ? `${keys.length} equal fields` : `${differ.length} fields differ`;
  return { equal: differ.length === 0, text: [text, ...differ.map((key) => `${key}: ${a[key]} and ${b[key]}`)].join('; ') };
}
