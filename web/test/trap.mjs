// Inputs in which the wasm really traps, for tests: at the moment when it asks for their length, JavaScript runs an
// instruction of another module that traps, and the trap goes up through the instance that asked. It ends in the middle
// of a call, as after a trap of its own.

/** `(func (export "u") unreachable) (func (export "b") (drop (i32.load (i32.const 0))))` over a memory of 0 pages. */
const MODULE = new WebAssembly.Module(
  Uint8Array.of(
    ...[0, 0x61, 0x73, 0x6d, 1, 0, 0, 0, 1, 4, 1, 0x60, 0, 0, 3, 3, 2, 0, 0, 5, 3, 1, 0, 0],
    ...[7, 9, 2, 1, 0x75, 0, 0, 1, 0x62, 0, 1, 10, 14, 2, 3, 0, 0, 11, 8, 0, 0x41, 0, 0x28, 2, 0, 0x1a, 11],
  ),
);
export const { u: unreachable, b: bounds } = new WebAssembly.Instance(MODULE).exports;

const LENGTH = Object.getOwnPropertyDescriptor(Object.getPrototypeOf(Uint8Array.prototype), 'length').get;

/** Bytes that call `hook` whenever the wasm asks for their length. */
export function hooked(bytes, hook) {
  class Hooked extends Uint8Array {
    get length() {
      hook();
      return LENGTH.call(this);
    }
  }
  return new Hooked(bytes);
}

/** How each kind of trap reaches JavaScript: by an instruction, and the code that the package gives it. */
export const TRAPS = [
  { name: 'unreachable', code: 'E_OUT_OF_MEMORY', trap: (bytes) => hooked(bytes, unreachable) },
  { name: 'out of bounds', code: 'E_CRASHED', trap: (bytes) => hooked(bytes, bounds) },
  { name: 'stack overflow', code: 'E_CRASHED', trap: (bytes) => hooked(bytes, function again() { again(); }) },
];

/** Every instance of our wasm that is made from now on, by its memory. */
export function watchInstances() {
  const made = [];
  const real = WebAssembly.instantiate;
  WebAssembly.instantiate = async (...args) => {
    const out = await real.apply(WebAssembly, args);
    const { exports } = out.instance ?? out;
    // Node makes others.
    if ('tracks_new' in exports) made.push(exports.memory);
    return out;
  };
  return { made, refuse: () => refuseOnce(), end: () => (WebAssembly.instantiate = real) };
}

function refuseOnce() {
  const real = WebAssembly.instantiate;
  WebAssembly.instantiate = async () => {
    WebAssembly.instantiate = real;
    throw new RangeError('WebAssembly.Memory(): could not allocate memory');
  };
}
