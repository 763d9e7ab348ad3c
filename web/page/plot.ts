// A mel spectrogram on a canvas: time to the right, bands upwards (evenly spaced, so the axis is mel), axes in s and Hz.

import type { Mel, Preset } from 'earprint';

const LEFT = 70;
const BOTTOM = 40;
const TOP = 10;
const RIGHT = 74;

/** Dark to light with steadily growing lightness: stops of (r, g, b). */
const STOPS = [
  [8, 8, 16],
  [44, 20, 84],
  [112, 31, 110],
  [181, 54, 94],
  [232, 104, 62],
  [250, 172, 72],
  [252, 244, 190],
] as const;

const COLOURS = Uint32Array.from({ length: 256 }, (_, i) => {
  const at = (i / 255) * (STOPS.length - 1);
  const [a, b] = [STOPS[Math.floor(at)]!, STOPS[Math.min(STOPS.length - 1, Math.floor(at) + 1)]!];
  const mix = (c: 0 | 1 | 2) => Math.round(a[c] + (b[c] - a[c]) * (at % 1));
  return (255 << 24) | (mix(2) << 16) | (mix(1) << 8) | mix(0);
});

export interface Shown {
  mel: Mel;
  preset: Preset;
}

/** What stands under the pointer. */
export interface Point {
  seconds: number;
  hz: number;
  value: number;
}

export class Plot {
  readonly #canvas: HTMLCanvasElement;
  #shown: Shown | undefined;

  constructor(canvas: HTMLCanvasElement) {
    this.#canvas = canvas;
    new ResizeObserver(() => this.#draw()).observe(canvas);
  }

  show(shown: Shown | undefined): void {
    this.#shown = shown;
    this.#draw();
  }

  /** The value at a place of the canvas, in CSS pixels. */
  at(x: number, y: number): Point | undefined {
    const shown = this.#shown;
    const [width, height] = this.#plain();
    const [u, v] = [(x - LEFT) / width, 1 - (y - TOP) / height];
    if (shown === undefined || u < 0 || u >= 1 || v < 0 || v >= 1) return undefined;
    const [, mels, frames] = shown.mel.shape;
    const [frame, band] = [Math.floor(u * frames), Math.floor(v * mels)];
    const value = shown.mel.values[band * frames + frame]!;
    return { seconds: u * seconds(shown), hz: shown.preset.bandHz[band]!, value };
  }

  #plain(): [number, number] {
    return [this.#canvas.clientWidth - LEFT - RIGHT, this.#canvas.clientHeight - TOP - BOTTOM];
  }

  #draw(): void {
    const canvas = this.#canvas;
    const ratio = devicePixelRatio;
    canvas.width = Math.round(canvas.clientWidth * ratio);
    canvas.height = Math.round(canvas.clientHeight * ratio);
    const ink = canvas.getContext('2d')!;
    ink.scale(ratio, ratio);
    const [width, height] = this.#plain();
    if (width < 1 || height < 1) return;
    const style = getComputedStyle(canvas);
    const [text, line] = [style.getPropertyValue('--quiet'), style.getPropertyValue('--line')];
    ink.fillStyle = `rgb(${STOPS[0].join(' ')})`;
    ink.fillRect(LEFT, TOP, width, height);
    ink.strokeStyle = line;
    ink.strokeRect(LEFT - 0.5, TOP - 0.5, width + 1, height + 1);
    if (this.#shown === undefined) return;
    const range = rangeOf(this.#shown.mel.values);
    const image = paint(this.#shown.mel, range, Math.round(width * ratio), Math.round(height * ratio));
    ink.putImageData(image, Math.round(LEFT * ratio), Math.round(TOP * ratio));
    ink.fillStyle = text;
    ink.font = '12px system-ui, sans-serif';
    timeAxis(ink, this.#shown, width, height);
    hertzAxis(ink, this.#shown.preset, height);
    colourBar(ink, this.#shown.preset.unit, range, LEFT + width + 14, height);
  }
}

function seconds({ mel, preset }: Shown): number {
  return (mel.shape[2] * preset.hopLength) / preset.sampleRate;
}

function rangeOf(values: ArrayLike<number>): [number, number] {
  let [low, high] = [Infinity, -Infinity];
  for (let i = 0; i < values.length; i += 1) {
    low = Math.min(low, values[i]!);
    high = Math.max(high, values[i]!);
  }
  return high > low ? [low, high] : [high - 1, high];
}

/** One pixel shows the largest of the frames and bands it covers: short sounds stay visible. */
function paint(mel: Mel, [low, high]: [number, number], width: number, height: number): ImageData {
  const [, mels, frames] = mel.shape;
  const image = new ImageData(width, height);
  const pixels = new Uint32Array(image.data.buffer);
  const columns = new Float32Array(width * mels).fill(-Infinity);
  for (let x = 0; x < width; x += 1) {
    const from = Math.floor((x * frames) / width);
    const to = Math.max(from + 1, Math.floor(((x + 1) * frames) / width));
    for (let m = 0; m < mels; m += 1) {
      let most = -Infinity;
      for (let t = from; t < to; t += 1) most = Math.max(most, mel.values[m * frames + t]!);
      columns[x * mels + m] = most;
    }
  }
  for (let y = 0; y < height; y += 1) {
    const m = Math.floor(((height - 1 - y) * mels) / height);
    for (let x = 0; x < width; x += 1) {
      const level = (columns[x * mels + m]! - low) / (high - low);
      pixels[y * width + x] = COLOURS[Math.max(0, Math.min(255, Math.round(level * 255)))]!;
    }
  }
  return image;
}

function timeAxis(ink: CanvasRenderingContext2D, shown: Shown, width: number, height: number): void {
  const length = seconds(shown);
  const least = (length * 70) / width;
  const steps = [0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 1200, 3600];
  const step = steps.find((s) => s >= least) ?? 3600;
  ink.textAlign = 'center';
  ink.textBaseline = 'top';
  for (let t = 0; t <= length; t += step) {
    const x = LEFT + (t / length) * width;
    ink.fillRect(x, TOP + height, 1, 5);
    ink.fillText(clock(t, step), x, TOP + height + 7);
  }
  ink.textAlign = 'right';
  ink.fillText(length < 60 ? 'time, s' : 'time, m:ss', LEFT + width, TOP + height + 24);
}

/** Seconds, or minutes and seconds from a minute on. */
export function clock(t: number, step = 1): string {
  const digits = step >= 1 ? 0 : step >= 0.1 ? 1 : 2;
  if (t < 60) return t.toFixed(digits);
  const rest = (t % 60).toFixed(digits);
  return `${Math.floor(t / 60)}:${rest.padStart(digits === 0 ? 2 : digits + 3, '0')}`;
}

function hertzAxis(ink: CanvasRenderingContext2D, preset: Preset, height: number): void {
  const bands = preset.bandHz;
  ink.textAlign = 'right';
  ink.textBaseline = 'middle';
  for (const hz of [0, 250, 500, 1000, 2000, 4000, 8000, 10_000, 16_000]) {
    const above = bands.findIndex((centre) => centre >= hz);
    if (above < 1) continue;
    const [a, b] = [bands[above - 1]!, bands[above]!];
    const place = above - 0.5 + (hz - a) / (b - a);
    const y = TOP + height * (1 - place / bands.length);
    ink.fillRect(LEFT - 5, y, 5, 1);
    ink.fillText(hz.toLocaleString('en'), LEFT - 9, y);
  }
  ink.save();
  ink.translate(12, TOP + height / 2);
  ink.rotate(-Math.PI / 2);
  ink.textAlign = 'center';
  ink.fillText('frequency, Hz', 0, 0);
  ink.restore();
}

function colourBar(
  ink: CanvasRenderingContext2D,
  unit: string,
  [low, high]: [number, number],
  x: number,
  height: number,
): void {
  const shade = ink.createLinearGradient(0, TOP + height, 0, TOP);
  STOPS.forEach((stop, i) => shade.addColorStop(i / (STOPS.length - 1), `rgb(${stop.join(' ')})`));
  const text = ink.fillStyle;
  ink.fillStyle = shade;
  ink.fillRect(x, TOP, 10, height);
  ink.fillStyle = text;
  ink.textAlign = 'left';
  for (const [i, share] of [0, 0.25, 0.5, 0.75, 1].entries()) {
    const value = low + (high - low) * share;
    ink.textBaseline = i === 0 ? 'bottom' : i === 4 ? 'top' : 'middle';
    ink.fillText(value.toLocaleString('en', { maximumFractionDigits: unit === 'dB' ? 0 : 2, signDisplay: 'negative' }), x + 15, TOP + height * (1 - share));
  }
  ink.textBaseline = 'top';
  ink.fillText(unit === 'dB' ? 'dB' : unit, x, TOP + height + 7);
}
