// Whether what was thrown is the end of an instance, and in which words a caller gets it.

import { EarprintError } from './errors.js';

/**
 * What was thrown out of the wasm, as an error for the caller, where it ended the instance; undefined where it is an
 * answer. Answers have a code. A panic has words of its own and is marked; a trap is an error of the engine.
 */
export function crashOf(thrown: unknown, memory?: WebAssembly.Memory): EarprintError | undefined {
  const { code, message, crashed } = (thrown ?? {}) as { code?: unknown; message?: unknown; crashed?: unknown };
  const coded = typeof code === 'string' && code.startsWith('E_') ? code : undefined;
  if (coded !== undefined && crashed !== true) return undefined;
  const text = typeof message === 'string' ? message : String(thrown);
  if (coded !== undefined) return new EarprintError(coded, text);
  // Panics come with words. What stops without any was refused memory.
  if (thrown instanceof WebAssembly.RuntimeError && /unreachable/i.test(text)) {
    const held = memory === undefined ? '' : `; ${Math.round(memory.buffer.byteLength / 2 ** 20)} MiB were in use`;
    return new EarprintError('E_OUT_OF_MEMORY', `the wasm was refused memory and stopped (${text})${held}`);
  }
  return new EarprintError('E_CRASHED', text);
}
