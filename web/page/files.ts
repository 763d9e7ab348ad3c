// Files out of a drop, folders included.

/** All files of a drop, sorted by path. */
export async function filesOf(drop: DataTransfer): Promise<File[]> {
  const entries = [...drop.items].map((item) => item.webkitGetAsEntry()).filter((entry) => entry !== null);
  if (entries.length === 0) return [...drop.files];
  const found: { path: string; file: File }[] = [];
  for (const entry of entries) await walk(entry, found);
  found.sort((a, b) => (a.path < b.path ? -1 : 1));
  return found.map(({ file }) => file);
}

async function walk(entry: FileSystemEntry, found: { path: string; file: File }[]): Promise<void> {
  if (entry.isFile) {
    const file = await new Promise<File>((resolve, reject) => (entry as FileSystemFileEntry).file(resolve, reject));
    found.push({ path: entry.fullPath, file });
    return;
  }
  const reader = (entry as FileSystemDirectoryEntry).createReader();
  // A call returns some entries only (100 in Chromium): the end is an empty answer.
  for (;;) {
    const some = await new Promise<FileSystemEntry[]>((resolve, reject) => reader.readEntries(resolve, reject));
    if (some.length === 0) return;
    for (const inner of some) await walk(inner, found);
  }
}
