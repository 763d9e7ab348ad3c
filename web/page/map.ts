// The map of a collection: a point for each track with numbers, by colour and shape of its cluster, and the names of the clusters. Everything it
// shows stands in the table as well.

import type { Clustering, CollectionMap } from 'earprint';

/** A track with a row in the table. */
export interface Place {
  path: string;
  /** Called when its point is chosen. */
  choose: () => void;
}

const SVG = 'http://www.w3.org/2000/svg';
/** Half a side of the drawing, in which points are 3 or so in radius. */
const HALF = 100;
const MARGIN = 6;
/** Points added to the page at once: no task may keep it from answering. */
const AT_ONCE = 150;

/** Shapes about the origin. With eight colours, 56 clusters differ in one or the other. */
const SHAPES = [
  'M-3,0a3,3 0 1,0 6,0a3,3 0 1,0 -6,0',
  'M-2.7,-2.7h5.4v5.4h-5.4z',
  'M0,-3.6L3.4,2.6H-3.4z',
  'M0,-3.9L3.9,0L0,3.9L-3.9,0z',
  'M0,3.6L3.4,-2.6H-3.4z',
  'M-1.2,-3.4h2.4v2.2h2.2v2.4h-2.2v2.2h-2.4v-2.2h-2.2v-2.4h2.2z',
  'M-3.6,-1.6h7.2v3.2h-7.2z',
];
const COLOURS = 8;

const make = (name: string, attributes: Record<string, string | number>) => {
  const element = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, String(value));
  return element;
};

/** The mark of a cluster. */
function mark(cluster: number, torn = false): SVGElement {
  const classes = `mark colour${cluster % COLOURS}${torn ? ' torn' : ''}`;
  return make('path', { d: SHAPES[cluster % SHAPES.length]!, class: classes });
}

export class MapView {
  readonly #section: HTMLElement;
  readonly #facts: HTMLElement;
  readonly #svg: SVGSVGElement;
  readonly #legend: HTMLElement;
  #points: SVGElement[] = [];
  /** Counts drawings: only the last one goes on. */
  #drawing = 0;

  constructor(section: HTMLElement) {
    this.#section = section;
    this.#facts = section.querySelector('[role=status]')!;
    this.#svg = section.querySelector('svg')!;
    this.#legend = section.querySelector('ul')!;
    this.#svg.addEventListener('keydown', (event) => this.#key(event));
  }

  /** Says why there is no map, or not yet. */
  say(words: string, busy = false): void {
    this.#drawing += 1;
    this.#points = [];
    this.#svg.replaceChildren();
    this.#legend.replaceChildren();
    this.#svg.toggleAttribute('hidden', true);
    this.#section.hidden = words === '';
    this.#section.dataset['state'] = busy ? 'busy' : 'none';
    this.#facts.textContent = words;
  }

  /** Draws one. `places` are the rows of both. */
  async show(places: Place[], map: CollectionMap, found: Clustering): Promise<void> {
    this.say('Looking for clusters, then drawing the map …', true);
    const mine = this.#drawing;
    this.#svg.toggleAttribute('hidden', false);
    const reach = HALF + MARGIN;
    this.#svg.setAttribute('viewBox', `${-reach} ${-reach} ${2 * reach} ${2 * reach}`);
    const shown = places.map((_, row) => row).filter((row) => Number.isFinite(map.xy[2 * row]) && found.labels[row]! >= 0);
    for (let at = 0; at < shown.length; at += AT_ONCE) {
      const points = shown.slice(at, at + AT_ONCE).map((row) => this.#point(places[row]!, row, map, found));
      this.#points.push(...points);
      this.#svg.append(...points);
      await new Promise((resolve) => setTimeout(resolve));
      if (mine !== this.#drawing) return;
    }
    this.#points[0]?.setAttribute('tabindex', '0');
    this.#legend.replaceChildren(...found.sizes.map((size, cluster) => this.#entry(cluster, size, places, found)));
    const lost = shown.filter((row) => map.torn[row] === 1).length;
    const trust = Number.isFinite(map.trustworthiness) ? `, trustworthiness ${map.trustworthiness.toFixed(2)}` : '';
    const torn = lost === 0 ? '' : `; hollow: ${lost} far from most of their nearest`;
    this.#facts.textContent = `${shown.length} tracks in ${found.k} ${found.k === 1 ? 'cluster' : 'clusters'}${trust}${torn}`;
    this.#section.dataset['state'] = 'shown';
  }

  #point({ path, choose }: Place, row: number, map: CollectionMap, found: Clustering): SVGElement {
    const cluster = found.labels[row]!;
    const words = `${path}: ${found.clusters?.[cluster]?.name ?? cluster}`;
    const [x, y] = [HALF * map.xy[2 * row]!, -HALF * map.xy[2 * row + 1]!];
    const point = make('g', { transform: `translate(${x},${y})`, role: 'button', tabindex: -1, 'aria-label': words });
    const title = make('title', {});
    title.textContent = words;
    // A finger needs more than is drawn.
    point.append(title, make('circle', { r: 5, class: 'reach' }), mark(cluster, map.torn[row] === 1));
    point.addEventListener('click', choose);
    return point;
  }

  #entry(cluster: number, size: number, places: Place[], found: Clustering): HTMLLIElement {
    const item = document.createElement('li');
    const svg = make('svg', { viewBox: '-5 -5 10 10', 'aria-hidden': 'true' });
    svg.append(mark(cluster));
    const typical = found.clusters?.[cluster]?.typical[0];
    const most = typical === undefined ? '' : `, most typical: ${places[typical]!.path}`;
    item.append(svg, `${found.clusters?.[cluster]?.name ?? cluster} (${size}${most})`);
    return item;
  }

  /** One stop of the tab key; arrows go from point to point in the order of the table. */
  #key(event: KeyboardEvent): void {
    const at = this.#points.indexOf(event.target as SVGElement);
    if (at < 0) return;
    if (event.key === 'Enter' || event.key === ' ') {
      event.preventDefault();
      event.target!.dispatchEvent(new MouseEvent('click'));
      return;
    }
    const step = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 }[event.key];
    const next = step === undefined ? undefined : this.#points[at + step];
    if (next === undefined) return;
    event.preventDefault();
    this.#points[at]!.setAttribute('tabindex', '-1');
    next.setAttribute('tabindex', '0');
    next.focus();
  }
}
