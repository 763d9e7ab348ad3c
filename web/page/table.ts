// The list of files: a row each, with the main numbers of its record, or with what is wrong with it.

import { EarprintError, type TrackDescriptor, type TrackRecord, type WhyNull } from 'earprint';

interface Column {
  head: string;
  unit: string;
  text: (record: TrackRecord) => string | null;
  /** The number of the descriptor it stands for: tells why there is none. */
  of?: keyof TrackDescriptor;
}

const number = (value: number | null, digits: number) =>
  value === null ? null : value.toLocaleString('en', { minimumFractionDigits: digits, maximumFractionDigits: digits });

const of = (name: keyof TrackDescriptor, head: string, unit: string, digits: number, factor = 1): Column => {
  const text = ({ descriptor }: TrackRecord) => {
    const value = descriptor[name];
    return number(value === null ? null : value * factor, digits);
  };
  return { head, unit, text, of: name };
};

/** Minutes, seconds and tenths. */
function length(seconds: number): string {
  const tenths = Math.round(10 * seconds);
  const rest = ((tenths % 600) / 10).toFixed(1);
  return `${Math.floor(tenths / 600)}:${rest.padStart(4, '0')}`;
}

const COLUMNS: Column[] = [
  { head: 'Length', unit: 'min', text: ({ table }) => length(table.duration) },
  of('tempo', 'Tempo', 'BPM', 1),
  { head: 'Key', unit: '', text: ({ table }) => (table.key === null ? null : `${table.key} ${table.mode}`) },
  of('loudness', 'Loudness', 'LUFS', 1),
  of('centroid', 'Brightness', 'Hz', 0),
  of('onset_rate', 'Onsets', '1/s', 1),
  of('harmonic_ratio', 'Harmonic', '%', 0, 100),
  of('stereo_width', 'Width', '%', 0, 100),
];

const REASONS: Record<WhyNull, string> = {
  silence: 'silence',
  too_short: 'the track is too short',
  above_nyquist: "above half the source's sample rate",
  no_beats: 'fewer than four beats',
  unvoiced: 'no pitch',
  below_gate: 'never louder than -70 LUFS',
  non_finite: 'the file holds NaN or infinite samples',
  undefined: 'undefined for this sound',
};

/** The names and units of the columns. */
export function header(): HTMLTableRowElement {
  const row = document.createElement('tr');
  const cell = (head: string, unit: string) => {
    const th = document.createElement('th');
    th.scope = 'col';
    th.textContent = head;
    if (unit !== '') {
      const small = document.createElement('small');
      small.textContent = ` ${unit}`;
      th.append(small);
    }
    return th;
  };
  row.append(cell('File', ''), cell('Status', ''), ...COLUMNS.map(({ head, unit }) => cell(head, unit)), cell('Cluster', ''));
  return row;
}

/** The row of one file. */
export class Row {
  readonly element = document.createElement('tr');
  readonly #button = document.createElement('button');
  readonly #cells = COLUMNS.map(() => document.createElement('td'));
  readonly #cluster = document.createElement('td');
  readonly #status = document.createElement('td');

  constructor(name: string, chosen: () => void) {
    this.#button.textContent = name;
    this.#button.addEventListener('click', chosen);
    const first = document.createElement('th');
    first.scope = 'row';
    first.append(this.#button);
    this.#status.className = 'status';
    this.#cluster.className = 'cluster';
    this.#cells.push(this.#cluster);
    this.element.append(first, this.#status, ...this.#cells);
    this.say('waiting');
  }

  set current(is: boolean) {
    this.#button.setAttribute('aria-current', String(is));
  }

  /** The name of its cluster, empty without one. */
  set cluster(name: string) {
    this.#cluster.textContent = name;
  }

  /** What is being done to the file. */
  say(status: string): void {
    this.#status.colSpan = 1;
    this.element.append(...this.#cells);
    this.#status.textContent = status;
    this.element.dataset['state'] = 'busy';
  }

  /** The numbers. One that is unknown is a dash that says why. */
  show(record: TrackRecord): void {
    COLUMNS.forEach((column, i) => {
      const cell = this.#cells[i]!;
      const text = column.text(record);
      cell.textContent = text ?? '–';
      const why = column.of === undefined ? undefined : record.why_null[column.of];
      cell.title = text !== null ? '' : why === undefined ? 'unknown' : `unknown: ${REASONS[why]}`;
    });
    this.#status.textContent = record.detail === null ? record.status : `${record.status}: ${record.detail}`;
    this.element.dataset['state'] = record.status;
  }

  /** What is wrong with the file. */
  fail(error: EarprintError): void {
    // Words need the room that numbers do not.
    for (const cell of this.#cells) cell.remove();
    this.#status.colSpan = 1 + this.#cells.length;
    this.#status.textContent = `${error.code}: ${words(error)}`;
    this.element.dataset['state'] = 'error';
  }
}

/** An error for people. */
export function words(error: unknown): string {
  if (!(error instanceof EarprintError)) return String(error);
  // Most messages already end with what to do.
  return error.hint && !error.message.includes(error.hint) ? `${error.message}; ${error.hint}` : error.message;
}
