// The page: files in, a spectrogram, what computed it and how fast. Everything else is the package's.

import { EarprintError, open, type Device, type Earprint, type Mel, type Preset, type PresetName } from 'earprint';

import { filesOf } from './files.js';
import { Plot, clock } from './plot.js';

interface Entry {
  file: File;
  row: HTMLButtonElement;
  mel?: Mel;
  ms?: number;
  error?: EarprintError;
}

/** Files whose values are kept; others are computed again when they are looked at. */
const KEPT = 50;

const part = <T extends HTMLElement>(id: string) => document.getElementById(id) as T;
const [presets, devices] = [part<HTMLSelectElement>('preset'), part<HTMLSelectElement>('device')];
const [machine, problem, facts] = [part('machine'), part('problem'), part('facts')];
const [list, readout, canvas] = [part('list'), part('readout'), part<HTMLCanvasElement>('plot')];
const plot = new Plot(canvas);

let ear: Earprint | undefined;
let known: Preset[] = [];
let entries: Entry[] = [];
let selected: Entry | undefined;
let work = new AbortController();

async function start(): Promise<void> {
  ear?.dispose();
  ear = undefined;
  say('');
  machine.textContent = 'Starting …';
  try {
    ear = await open({ device: devices.value as Device });
  } catch (error) {
    machine.textContent = 'Nothing computes.';
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

async function take(files: File[]): Promise<void> {
  if (files.length === 0) return;
  const fresh = files.map(entryOf);
  entries = fresh;
  list.replaceChildren(...fresh.map(({ row }) => row.parentElement!));
  selected = undefined;
  await computeAll();
}

function entryOf(file: File): Entry {
  const row = document.createElement('button');
  const name = document.createElement('span');
  name.textContent = file.webkitRelativePath || file.name;
  row.append(name, document.createElement('span'));
  const item = document.createElement('li');
  item.append(row);
  const entry: Entry = { file, row };
  row.addEventListener('click', () => void look(entry));
  return entry;
}

/** All files of the list, from the top; what was under way before stops. */
async function computeAll(): Promise<void> {
  work.abort();
  work = new AbortController();
  const { signal } = work;
  for (const [i, entry] of entries.entries()) {
    await compute(entry, signal);
    if (signal.aborted) return;
    if (selected === undefined || selected === entry) show(entry);
    if (i >= KEPT && entry !== selected) delete entry.mel;
  }
}

async function compute(entry: Entry, signal: AbortSignal): Promise<void> {
  if (ear === undefined) return;
  const from = performance.now();
  delete entry.error;
  mark(entry, 'computing …');
  try {
    entry.mel = await ear.mel(entry.file, { preset: presets.value as PresetName, signal });
    entry.ms = performance.now() - from;
    const length = entry.mel.framesRead / entry.mel.sampleRate;
    mark(entry, `${clock(length, 0.1)}${length < 60 ? ' s' : ''} in ${entry.ms.toFixed(0)} ms`);
  } catch (error) {
    if (signal.aborted) return;
    entry.error = error as EarprintError;
    mark(entry, words(error));
  }
  entry.row.classList.toggle('bad', entry.error !== undefined);
}

function mark(entry: Entry, text: string): void {
  entry.row.lastElementChild!.textContent = text;
}

async function look(entry: Entry): Promise<void> {
  selected = entry;
  if (entry.mel === undefined && entry.error === undefined) await compute(entry, new AbortController().signal);
  show(entry);
}

function show(entry: Entry): void {
  selected = entry;
  for (const { row } of entries) row.setAttribute('aria-current', String(row === entry.row));
  say(entry.error === undefined ? '' : `${entry.file.name}: ${words(entry.error)}`);
  readout.textContent = '';
  const { mel, ms } = entry;
  const preset = known.find(({ name }) => name === mel?.preset);
  if (mel === undefined || preset === undefined || entry.error !== undefined) {
    plot.show(undefined);
    facts.textContent = entry.error === undefined ? '' : 'No numbers.';
    return;
  }
  plot.show({ mel, preset });
  const length = mel.framesRead / mel.sampleRate;
  const speed = Math.round((1000 * length) / ms!).toLocaleString('en');
  const by = `${mel.decoder} and ${mel.backend === 'webgpu' ? 'WebGPU' : 'CPU'}`;
  facts.textContent =
    `${entry.file.name}: ${mel.shape[1]} bands × ${mel.shape[2].toLocaleString('en')} frames in ${ms!.toFixed(0)} ms, ` +
    `${speed} × real time, by ${by}${mel.note === undefined ? '' : `; ${mel.note}`}`;
  canvas.setAttribute('aria-label', `Mel spectrogram of ${entry.file.name}, ${length.toFixed(1)} seconds`);
}

function say(text: string): void {
  problem.hidden = text === '';
  problem.textContent = text;
}

function words(error: unknown): string {
  if (!(error instanceof EarprintError)) return String(error);
  // Most messages already end with what to do.
  return error.hint && !error.message.includes(error.hint) ? `${error.message}; ${error.hint}` : error.message;
}

canvas.addEventListener('pointermove', ({ offsetX, offsetY }) => {
  const point = plot.at(offsetX, offsetY);
  const unit = known.find(({ name }) => name === selected?.mel?.preset)?.unit;
  readout.textContent =
    point === undefined
      ? ''
      : `${clock(point.seconds, 0.01)} s, ${Math.round(point.hz).toLocaleString('en')} Hz, ${point.value.toFixed(1)} ${unit}`;
});
for (const id of ['files', 'folder']) {
  const chooser = part<HTMLInputElement>(id);
  chooser.addEventListener('change', () => void take([...chooser.files!]));
}
presets.addEventListener('change', () => void computeAll());
devices.addEventListener('change', () => void start().then(computeAll));
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
void start();
