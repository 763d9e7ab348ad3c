// The page: files in, their numbers in a list, the spectrogram of the one that is looked at. Everything else is the package's.

import {
  EarprintError,
  open,
  type Device,
  type Earprint,
  type Mel,
  type Preset,
  type PresetName,
  type TrackProgress,
} from 'earprint';

import { chosen, filesOf, type Found } from './files.js';
import { MapView } from './map.js';
import { Plot, clock } from './plot.js';
import { download, ndjson, playlist, type Fate } from './save.js';
import { Row, header, words } from './table.js';

interface Entry {
  path: string;
  /** None where it could not be read. */
  file: File | undefined;
  row: Row;
  /** Its numbers, or what is wrong with it. */
  fate?: Fate;
}

/** The spectrogram of the file that is looked at, or why there is none. */
interface Look {
  entry: Entry;
  mel?: Mel;
  ms?: number;
  error?: unknown;
}

const part = <T extends HTMLElement>(id: string) => document.getElementById(id) as T;
const [presets, devices] = [part<HTMLSelectElement>('preset'), part<HTMLSelectElement>('device')];
const [machine, problem, facts] = [part('machine'), part('problem'), part('facts')];
const [table, list, progress] = [part('tracks'), part('list'), part('progress')];
const [readout, canvas] = [part('readout'), part<HTMLCanvasElement>('plot')];
const [save, sequence] = [part<HTMLButtonElement>('save'), part<HTMLButtonElement>('playlist')];
const plot = new Plot(canvas);
const view = new MapView(part('map'));

let ear: Earprint | undefined;
let known: Preset[] = [];
let entries: Entry[] = [];
let look: Look | undefined;
/** Ends the walk over the list, and the spectrogram under way. */
let walk = new AbortController();
let drawing = new AbortController();
/** How often a device was opened: only the last one counts. */
let starts = 0;

/** Opens the device, then does what was asked for before it was there. */
async function begin(): Promise<void> {
  walk.abort();
  drawing.abort();
  await start();
  if (ear === undefined) return;
  again();
  await describeAll();
}

async function start(): Promise<void> {
  ear?.dispose();
  ear = undefined;
  say('');
  machine.textContent = 'Starting …';
  const mine = (starts += 1);
  try {
    const opened = await open({ device: devices.value as Device });
    // Another device was chosen meanwhile.
    if (mine !== starts) return opened.dispose();
    ear = opened;
  } catch (error) {
    if (mine !== starts) return;
    machine.textContent = 'Nothing computes.';
    facts.textContent = 'No spectrogram.';
    say(words(error));
    return;
  }
  machine.textContent = machineWords(ear);
  if (known.length === 0) {
    // A page of rows for windows of a clip is no picture over time.
    known = ear.presets().filter((preset) => !preset.windows);
    const label = (p: Preset) => `${p.name}: ${p.nMels} bands, ${p.sampleRate.toLocaleString('en')} Hz`;
    presets.replaceChildren(...known.map((preset) => new Option(label(preset), preset.name)));
  }
}

function machineWords(ear: Earprint): string {
  const { backend, device, software, threads, simd, why, crossOriginIsolated } = ear.info();
  if (backend === 'webgpu') return `WebGPU: ${device}${software ? ' (software)' : ''}`;
  const alone = crossOriginIsolated ? '' : ' One thread, because this page is not served cross-origin isolated.';
  return `CPU: ${threads} ${threads === 1 ? 'thread' : 'threads'}, ${simd}; ${why}.${alone}`;
}

async function take(found: Found[]): Promise<void> {
  if (found.length === 0) return;
  entries = found.map((each) => {
    const { path } = each;
    const row = new Row(path, () => void lookAt(entry));
    const entry: Entry = { path, file: 'file' in each ? each.file : undefined, row };
    if ('error' in each) {
      entry.fate = each.error;
      row.fail(each.error);
    }
    return entry;
  });
  table.hidden = false;
  list.replaceChildren(...entries.map(({ row }) => row.element));
  void lookAt(entries[0]!);
  await describeAll();
}

/** All files of the list that have no numbers yet, from the top. A bad one says so in its row, and the next one follows. */
async function describeAll(): Promise<void> {
  walk.abort();
  walk = new AbortController();
  const { signal } = walk;
  view.say(entries.length === 0 ? '' : 'The map follows once every file has its numbers.', true);
  for (const entry of entries) {
    count();
    // Without a device they wait: `begin` comes back here.
    if (ear === undefined) return;
    if (entry.fate !== undefined || entry.file === undefined) continue;
    entry.row.say('0 %');
    const onProgress = ({ done, part }: TrackProgress) => {
      if (done === 0) entry.row.say(`${Math.floor(100 * part)} %`);
    };
    // After a crash the package opens itself again.
    try {
      entry.fate = await ear.describe(entry.file, { signal, onProgress });
      entry.row.show(entry.fate);
    } catch (error) {
      if (signal.aborted) return;
      entry.fate = error instanceof EarprintError ? error : new EarprintError('E_CRASHED', String(error));
      entry.row.fail(entry.fate);
    }
    if (signal.aborted) return;
  }
  count();
  if (entries.length > 0) await drawMap(signal);
}

/** Fewer have no neighbours to be near to. */
const LEAST = 3;

/** The files that have numbers. */
function described() {
  return entries.flatMap((entry) => {
    const { path, row, fate } = entry;
    const choose = () => void lookAt(entry);
    return fate === undefined || fate instanceof Error ? [] : [{ path, row, record: fate, choose }];
  });
}

/** The map of the files that have numbers, and the names of their clusters in the table. */
async function drawMap(signal: AbortSignal): Promise<void> {
  const tracks = described();
  if (tracks.length < LEAST) {
    const came = tracks.length === 1 ? 'there is one' : `there are ${tracks.length === 0 ? 'none' : tracks.length}`;
    return view.say(`No map: it takes at least three tracks with numbers, and ${came}.`);
  }
  if (ear === undefined) return;
  try {
    view.say('Looking for clusters, then drawing the map …', true);
    const records = tracks.map(({ record }) => record);
    const found = await ear.cluster(records, { signal });
    tracks.forEach(({ row }, at) => (row.cluster = found.clusters?.[found.labels[at]!]?.name ?? '–'));
    const map = await ear.map(records, { signal });
    await view.show(tracks, map, found);
  } catch (error) {
    if (!signal.aborted) view.say(`No map: ${words(error)}`);
  }
}

/** A playlist in which each track sounds as much as it can like the one before. */
async function saveOrder(): Promise<void> {
  const tracks = described();
  try {
    const records = tracks.map(({ path, record }) => ({ ...record, path }));
    const { sequence } = (await ear?.order(records)) ?? { sequence: [] };
    if (sequence.length > 0) download('earprint.m3u8', playlist(sequence.map((at) => tracks[at]!)), 'application/x-mpegurl');
  } catch (error) {
    say(`No order: ${words(error)}`);
  }
}

function count(): void {
  const done = entries.filter(({ fate }) => fate !== undefined).length;
  progress.textContent = `${done} of ${entries.length} ${entries.length === 1 ? 'file' : 'files'}`;
  save.disabled = done === 0;
  sequence.disabled = described().length < 2;
}

/** Shows the spectrogram of a file; it comes between two steps of the walk over the list. */
async function lookAt(entry: Entry): Promise<void> {
  drawing.abort();
  drawing = new AbortController();
  const { signal } = drawing;
  look = { entry };
  for (const { row } of entries) row.current = row === entry.row;
  const from = performance.now();
  const mine: Look = { entry };
  try {
    if (entry.file === undefined) throw entry.fate;
    // Without a device it waits: `begin` comes back here.
    facts.textContent = `${entry.path}: ${ear === undefined ? 'waiting' : 'computing'} …`;
    if (ear === undefined) return;
    mine.mel = await ear.mel(entry.file, { preset: presets.value as PresetName, signal });
    mine.ms = performance.now() - from;
  } catch (error) {
    mine.error = error;
  }
  if (signal.aborted) return;
  look = mine;
  show(mine);
}

/** The file that is looked at once more: by another preset or device, or by the first one. */
function again(): void {
  if (look !== undefined) void lookAt(look.entry);
}

function show({ entry, mel, ms, error }: Look): void {
  say(error === undefined ? '' : `${entry.path}: ${words(error)}`);
  readout.textContent = '';
  const preset = known.find(({ name }) => name === mel?.preset);
  if (mel === undefined || preset === undefined) {
    plot.show(undefined);
    facts.textContent = 'No spectrogram.';
    return;
  }
  plot.show({ mel, preset });
  const length = mel.framesRead / mel.sampleRate;
  const speed = Math.round((1000 * length) / ms!).toLocaleString('en');
  const by = `${mel.decoder} and ${mel.backend === 'webgpu' ? 'WebGPU' : 'CPU'}`;
  facts.textContent =
    `${entry.path}: ${mel.shape[1]} bands × ${mel.shape[2].toLocaleString('en')} frames in ${ms!.toFixed(0)} ms, ` +
    `${speed} × real time, by ${by}${mel.note === undefined ? '' : `; ${mel.note}`}`;
  canvas.setAttribute('aria-label', `Mel spectrogram of ${entry.path}, ${length.toFixed(1)} seconds`);
}

function say(text: string): void {
  problem.hidden = text === '';
  problem.textContent = text;
}

canvas.addEventListener('pointermove', ({ offsetX, offsetY }) => {
  const point = plot.at(offsetX, offsetY);
  const unit = known.find(({ name }) => name === look?.mel?.preset)?.unit;
  readout.textContent =
    point === undefined
      ? ''
      : `${clock(point.seconds, 0.01)} s, ${Math.round(point.hz).toLocaleString('en')} Hz, ${point.value.toFixed(1)} ${unit}`;
});
for (const id of ['files', 'folder']) {
  const chooser = part<HTMLInputElement>(id);
  chooser.addEventListener('change', () => void take(chosen(chooser.files!)));
}
save.addEventListener('click', () => {
  const through = entries.flatMap(({ path, fate }) => (fate === undefined ? [] : [{ path, fate }]));
  download('earprint.ndjson', ndjson(through), 'application/x-ndjson');
});
sequence.addEventListener('click', () => void saveOrder());
presets.addEventListener('change', again);
devices.addEventListener('change', () => void begin());
document.addEventListener('dragover', (event) => {
  event.preventDefault();
  document.body.classList.add('over');
});
document.addEventListener('dragleave', () => document.body.classList.remove('over'));
document.addEventListener('drop', (event) => {
  event.preventDefault();
  document.body.classList.remove('over');
  void filesOf(event.dataTransfer!).then(take);
});
part('head').append(header());
void begin();
