// Loaded in the package's worker before its own code: bytes that begin with TRAP trap in the instance that asks for
// their length, and those that begin with LOST throw where nobody waits for it, which ends the worker.

import { unreachable } from './trap.mjs';

const prototype = Object.getPrototypeOf(Uint8Array.prototype);
const real = Object.getOwnPropertyDescriptor(prototype, 'length').get;
const begins = (view) => String.fromCharCode(...new Uint8Array(view.buffer, view.byteOffset, 4));

Object.defineProperty(prototype, 'length', {
  get() {
    const length = real.call(this);
    if (length < 4 || !(this instanceof Uint8Array)) return length;
    const word = begins(this);
    if (word === 'TRAP') unreachable();
    if (word === 'LOST') queueMicrotask(() => { throw new Error('thrown where nobody waits'); });
    return length;
  },
});
