// The list as a file: its numbers, one record per line as `earprint analyze --json` writes them, or its tracks one after another as a playlist.

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

/** M3U8 (UTF-8) of tracks in their order, for the folder that was dropped: whole seconds, name and path of each. */
export function playlist(tracks: { path: string; record: TrackRecord }[]): string {
  // Neither a second line nor what a player takes for a comment or an address.
  const line = (text: string) => text.replace(/[\u0000-\u001f\u007f]/g, ' ');
  const entry = (path: string) => (/^[# ]|^[^/]*:/.test(path) ? `./${path}` : path);
  const one = ({ path, record }: { path: string; record: TrackRecord }) => {
    const name = path.slice(path.lastIndexOf('/') + 1).replace(/\.[^.]*$/, '');
    return `#EXTINF:${Math.round(record.table.duration)},${line(name)}\n${entry(line(path))}\n`;
  };
  return `#EXTM3U\n${tracks.map(one).join('')}`;
}

/** Hands a text to the browser's downloads. */
export function download(name: string, text: string, type: string): void {
  const link = document.createElement('a');
  link.href = URL.createObjectURL(new Blob([text], { type }));
  link.download = name;
  link.click();
  URL.revokeObjectURL(link.href);
}
