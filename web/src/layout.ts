/** A layered drawing of a graph without cycles, after Sugiyama: layers, ordering, then heights. Pure. */

export interface Box {
  id: string;
  layer: number;
  /** Top left corner. */
  x: number;
  y: number;
}
export interface Wire {
  from: string;
  to: string;
  /** Through the gaps between boxes, left to right. */
  points: [number, number][];
}
export interface Drawing {
  boxes: Map<string, Box>;
  wires: Wire[];
  width: number;
  height: number;
}
export interface Sizes {
  box: { width: number; height: number };
  gap: { x: number; y: number };
}

/** A place in a layer: a box, or the passage of a wire that goes further. */
interface Spot {
  key: string;
  box: boolean;
  before: Spot[];
  after: Spot[];
  y: number;
}

const SWEEPS = 12;
const SETTLES = 24;

/**
 * @param ids every node; @param last those that belong in the last layer whatever they read.
 * Edges to unknown nodes are ignored, as are edges that would close a cycle.
 */
export function layered(ids: readonly string[], edges: readonly [string, string][], last: ReadonlySet<string>, sizes: Sizes): Drawing {
  const known = new Set(ids);
  const valid = edges.filter(([from, to]) => known.has(from) && known.has(to) && from !== to);
  const layerOf = layers(ids, valid, last);
  const forward = valid.filter(([from, to]) => (layerOf.get(from) ?? 0) < (layerOf.get(to) ?? 0));
  const { rows, routes } = spread(ids, forward, layerOf);
  order(rows);
  settle(rows, sizes);
  return draw(rows, routes, layerOf, sizes);
}

/** The longest way from a source decides the layer. */
function layers(ids: readonly string[], edges: readonly [string, string][], last: ReadonlySet<string>): Map<string, number> {
  const found = new Map<string, number>();
  const open = new Set<string>();
  const visit = (id: string): number => {
    const known = found.get(id);
    if (known !== undefined) return known;
    if (open.has(id)) return -1;
    open.add(id);
    const layer = 1 + Math.max(-1, ...edges.filter(([, to]) => to === id).map(([from]) => visit(from)));
    open.delete(id);
    found.set(id, layer);
    return layer;
  };
  ids.forEach(visit);
  const inner = Math.max(-1, ...ids.filter((id) => !last.has(id)).map((id) => found.get(id) ?? 0));
  for (const id of ids) if (last.has(id)) found.set(id, Math.max(inner + 1, found.get(id) ?? 0));
  return found;
}

function spread(ids: readonly string[], edges: readonly [string, string][], layerOf: Map<string, number>): { rows: Spot[][]; routes: [string, string, Spot[]][] } {
  const rows: Spot[][] = [];
  const spots = new Map<string, Spot>();
  const put = (layer: number, key: string, box: boolean): Spot => {
    const spot: Spot = { key, box, before: [], after: [], y: 0 };
    while (rows.length <= layer) rows.push([]);
    (rows[layer] as Spot[]).push(spot);
    return spot;
  };
  for (const id of ids) spots.set(id, put(layerOf.get(id) ?? 0, id, true));
  const routes = edges.map(([from, to]): [string, string, Spot[]] => {
    const route = [spots.get(from) as Spot];
    for (let layer = (layerOf.get(from) ?? 0) + 1; layer < (layerOf.get(to) ?? 0); layer++) {
      // Wires of one node share their passage, so that a source read everywhere makes one bundle.
      const key = `${from}>${layer}`;
      route.push(spots.get(key) ?? (spots.set(key, put(layer, key, false)), spots.get(key) as Spot));
    }
    route.push(spots.get(to) as Spot);
    for (let i = 1; i < route.length; i++) tie(route[i - 1] as Spot, route[i] as Spot);
    return [from, to, route];
  });
  return { rows, routes };
}

function tie(a: Spot, b: Spot): void {
  if (a.after.includes(b)) return;
  a.after.push(b);
  b.before.push(a);
}

/** Sweep to and fro, each layer by the mean place of its neighbours; keep the order with the fewest crossings. */
function order(rows: Spot[][]): void {
  let best = rows.map((row) => [...row]);
  let fewest = crossings(rows);
  for (let sweep = 0; sweep < SWEEPS && fewest > 0; sweep++) {
    const down = sweep % 2 === 0;
    for (let i = 1; i < rows.length; i++) {
      const at = down ? i : rows.length - 1 - i;
      const beside = new Map((rows[down ? at - 1 : at + 1] as Spot[]).map((spot, place) => [spot, place]));
      const row = rows[at] as Spot[];
      const mean = new Map(row.map((spot, place) => [spot, average((down ? spot.before : spot.after).map((s) => beside.get(s) ?? 0)) ?? place]));
      row.sort((a, b) => (mean.get(a) ?? 0) - (mean.get(b) ?? 0));
    }
    const count = crossings(rows);
    if (count < fewest) [fewest, best] = [count, rows.map((row) => [...row])];
  }
  best.forEach((row, i) => (rows[i] = row));
}

export function crossings(rows: readonly { after: unknown[] }[][]): number {
  let count = 0;
  for (let i = 0; i + 1 < rows.length; i++) {
    const place = new Map((rows[i + 1] as object[]).map((spot, at) => [spot, at]));
    const ties = (rows[i] as { after: unknown[] }[]).flatMap((spot, at) => spot.after.map((to): [number, number] => [at, place.get(to as object) ?? 0]));
    for (let a = 0; a < ties.length; a++) {
      for (let b = a + 1; b < ties.length; b++) {
        const [a0, a1] = ties[a] as [number, number];
        const [b0, b1] = ties[b] as [number, number];
        if ((a0 - b0) * (a1 - b1) < 0) count++;
      }
    }
  }
  return count;
}

function average(values: number[]): number | null {
  return values.length === 0 ? null : values.reduce((sum, value) => sum + value, 0) / values.length;
}

/** Pull every spot towards its neighbours without changing the order or coming too close. */
function settle(rows: Spot[][], { box, gap }: Sizes): void {
  const height = (spot: Spot): number => (spot.box ? box.height : 0);
  const distance = (a: Spot, b: Spot): number => (height(a) + height(b)) / 2 + gap.y * (a.box || b.box ? 1 : 0.6);
  for (const row of rows) {
    let y = 0;
    row.forEach((spot, i) => (spot.y = y += i === 0 ? 0 : distance(row[i - 1] as Spot, spot)));
    const middle = y / 2;
    for (const spot of row) spot.y -= middle;
  }
  for (let round = 0; round < SETTLES; round++) {
    const sides = round % 2 === 0 ? rows : [...rows].reverse();
    for (const row of sides) {
      const wanted = row.map((spot) => average([...spot.before, ...spot.after].map((s) => s.y)) ?? spot.y);
      const placed = apart(wanted, row.slice(1).map((spot, i) => distance(row[i] as Spot, spot)));
      row.forEach((spot, i) => (spot.y = placed[i] as number));
    }
  }
}

/** The positions nearest to the wanted ones (least squares) that keep these distances: pool adjacent violators. */
export function apart(wanted: readonly number[], distances: readonly number[]): number[] {
  const shift = [0];
  distances.forEach((distance, i) => shift.push((shift[i] as number) + distance));
  const blocks: { sum: number; size: number }[] = [];
  wanted.forEach((value, i) => {
    blocks.push({ sum: value - (shift[i] as number), size: 1 });
    for (;;) {
      const b = blocks.at(-1) as { sum: number; size: number };
      const a = blocks.at(-2);
      if (!a || a.sum / a.size <= b.sum / b.size) break;
      blocks.pop();
      a.sum += b.sum;
      a.size += b.size;
    }
  });
  const flat = blocks.flatMap(({ sum, size }) => Array<number>(size).fill(sum / size));
  return flat.map((value, i) => value + (shift[i] as number));
}

function draw(rows: Spot[][], routes: [string, string, Spot[]][], layerOf: Map<string, number>, { box, gap }: Sizes): Drawing {
  const all = rows.flat();
  const top = Math.min(0, ...all.map((spot) => spot.y - (spot.box ? box.height / 2 : 0)));
  const bottom = Math.max(0, ...all.map((spot) => spot.y + (spot.box ? box.height / 2 : 0)));
  const left = (layer: number): number => layer * (box.width + gap.x);
  const boxes = new Map<string, Box>();
  rows.forEach((row, layer) => {
    for (const spot of row) if (spot.box) boxes.set(spot.key, { id: spot.key, layer, x: left(layer), y: spot.y - top - box.height / 2 });
  });
  const wires = routes.map(([from, to, route]): Wire => {
    const start = layerOf.get(from) ?? 0;
    const points = route.flatMap((spot, i): [number, number][] => {
      const x = left(start + i);
      const y = spot.y - top;
      if (i === 0) return [[x + box.width, y]];
      // A passage runs level beneath its layer's boxes, so that the curve cannot cut through them.
      return i === route.length - 1 ? [[x, y]] : [[x, y], [x + box.width, y]];
    });
    return { from, to, points };
  });
  return { boxes, wires, width: Math.max(0, left(rows.length) - gap.x), height: bottom - top };
}

/** An SVG path through the points: curves across the gaps, level lines along the passages. */
export function wirePath(points: readonly [number, number][]): string {
  return points
    .map(([x, y], i) => {
      const before = points[i - 1];
      if (!before) return `M${x},${y.toFixed(1)}`;
      if (i % 2 === 0) return `L${x},${y.toFixed(1)}`;
      const middle = (before[0] + x) / 2;
      return `C${middle},${before[1].toFixed(1)} ${middle},${y.toFixed(1)} ${x},${y.toFixed(1)}`;
    })
    .join("");
}

/** Everything upstream and downstream of a node, itself included. */
export function related(id: string, edges: readonly [string, string][]): Set<string> {
  const reach = (start: string, next: (at: string) => string[]): string[] => {
    const seen = new Set([start]);
    for (const at of seen) for (const other of next(at)) seen.add(other);
    return [...seen];
  };
  const up = reach(id, (at) => edges.filter(([, to]) => to === at).map(([from]) => from));
  const down = reach(id, (at) => edges.filter(([from]) => from === at).map(([, to]) => to));
  return new Set([...up, ...down]);
}
