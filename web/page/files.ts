// Files out of a drop or a chooser, folders included, each with its path from what was chosen.

import { EarprintError } from 'earprint';

/** A file, or what kept the page from reading it. */
export type Found = { path: string; file: File } | { path: string; error: EarprintError };

/** Files of a chooser, in its order. */
export function chosen(files: Iterable<File>): Found[] {
  return [...files].map((file) => ({ path: file.webkitRelativePath || file.name, file }));
}

/** All files of a drop, sorted by path. What cannot be read is an error in its place: nothing is lost in silence. */
export async function filesOf(drop: DataTransfer): Promise<Found[]> {
  // A drop is empty after the first turn: all of it is taken before anything is waited for.
  const roots = [...drop.items]
    .filter(({ kind }) => kind === 'file')
    .map((item) => ({ entry: item.webkitGetAsEntry(), file: item.getAsFile() }));
  const found: Found[] = [];
  for (const { entry, file } of roots) {
    if (entry !== null) await walk(entry, found);
    else if (file !== null) found.push(...chosen([file]));
  }
  return found.sort((a, b) => (a.path < b.path ? -1 : 1));
}

async function walk(entry: FileSystemEntry, found: Found[]): Promise<void> {
  const path = entry.fullPath.replace(/^\//, '');
  try {
    // A file taken from an entry has no `webkitRelativePath`: its path must travel beside it.
    if (entry.isFile) found.push({ path, file: await fileOf(entry as FileSystemFileEntry) });
    else await walkFolder(entry as FileSystemDirectoryEntry, found);
  } catch (error) {
    found.push({ path, error: new EarprintError('E_IO', `cannot read ${path}: ${(error as Error).message}`, path) });
  }
}

async function walkFolder(folder: FileSystemDirectoryEntry, found: Found[]): Promise<void> {
  const reader = folder.createReader();
  // A call returns some entries only (100 in Chromium): the end is an empty answer.
  for (;;) {
    const some = await new Promise<FileSystemEntry[]>((resolve, reject) => reader.readEntries(resolve, reject));
    if (some.length === 0) return;
    for (const inner of some) await walk(inner, found);
  }
}

const fileOf = (entry: FileSystemFileEntry) => new Promise<File>((resolve, reject) => entry.file(resolve, reject));
