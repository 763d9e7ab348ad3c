// The wasm for collections: loaded when it is first asked for, with a memory and threads of its own.

import { EarprintError } from './errors.js';
import type { AnyGlue, GlueModule, StartThreads } from './instance.js';

/** What wasm-bindgen wrote for collections. */
export interface CollectionGlue extends AnyGlue {
  /** What was found, or a promise of it where a GPU is waited for. */
  cluster(values: Float32Array, columns: number, options: object, watch: (done: number) => boolean): unknown;
  map(values: Float32Array, columns: number, options: object, watch: (done: number) => boolean): unknown;
  order(values: Float32Array, about: unknown[], options: object): unknown;
  tags(values: Float32Array): unknown;
}

export type CollectionVariant = 'collection' | 'collection-threads';

/** Literal paths: bundlers find modules and wasm by them. */
export const COLLECTIONS: Record<
  CollectionVariant,
  { glue: () => Promise<GlueModule<CollectionGlue>>; wasm: () => URL }
> = {
  collection: {
    glue: () => import('../pkg/collection/earprint.js'),
    wasm: () => new URL('../pkg/collection/earprint_bg.wasm', import.meta.url),
  },
  'collection-threads': {
    glue: () => import('../pkg/collection-threads/earprint.js'),
    wasm: () => new URL('../pkg/collection-threads/earprint_bg.wasm', import.meta.url),
  },
};

/** An instance of it. */
export interface OpenedCollections {
  glue: CollectionGlue;
  memory: WebAssembly.Memory;
  endThreads: () => void;
}

/** How a place loads it. */
export interface CollectionsLoader {
  collectionGlue: (variant: CollectionVariant) => Promise<GlueModule<CollectionGlue>>;
  collectionWasm: (variant: CollectionVariant) => Promise<WebAssembly.Module>;
  startThreads?: StartThreads;
}

/** Opens it on this thread, with `most` threads where it can be. What keeps it from them is told in `events`. */
export async function openCollections(
  most: number,
  loader: CollectionsLoader,
  events: string[],
): Promise<OpenedCollections> {
  const variant = most > 1 && loader.startThreads !== undefined ? 'collection-threads' : 'collection';
  try {
    const [made, module] = await Promise.all([loader.collectionGlue(variant), loader.collectionWasm(variant)]);
    const glue = made.default();
    const { memory } = await glue.init({ module_or_path: module });
    let endThreads = () => {};
    if (variant === 'collection-threads') {
      endThreads = await loader.startThreads!(variant, module, memory, most);
      glue.start_pool!(most);
    }
    return { glue, memory, endThreads };
  } catch (thrown) {
    if (variant === 'collection') throw new EarprintError('E_LOAD', `the wasm for collections could not be loaded: ${String(thrown)}`);
    // A shared memory reserves its maximum at once, which a small machine may refuse.
    events.push(`one thread instead of ${most} for collections: ${String(thrown)}`);
    return openCollections(1, loader, events);
  }
}
