// The numbers of the list as a file: one record per line, as `earprint analyze --json` writes them.

import type { EarprintError, TrackRecord } from 'earprint';

/** What became of a file. */
export type Fate = TrackRecord | EarprintError;

/** NDJSON of the files that are through, in their order. */
export function ndjson(fates: { path: string; fate: Fate }[]): string {
  return fates.map(({ path, fate }) => `${JSON.stringify({ ...recordOf(fate), path })}\n`).join('');
}

function recordOf(fate: Fate): object {
  if (!(fate instanceof Error)) return fate;
  const none = { audio_id: null, decoder: null, backend: null, schema: 'trk-1', descriptor: null, why_null: {}, table: null };
  return { v: 1, path: '', status: 'error', code: fate.code, detail: fate.message, ...none };
}

/** Hands a text to the browser's downloads. */
export function download(name: string, text: string): void {
  const link = document.createElement('a');
  link.href = URL.createObjectURL(new Blob([text], { type: 'application/x-ndjson' }));
  link.download = name;
  link.click();
  URL.revokeObjectURL(link.href);
}
