import type { Cell, Display, Rows } from "./contract.ts";
import { asNumber, asTime, shapeOf, show } from "./format.ts";

export type Point = [x: number | string, y: number | null];

/** Rows pivoted for a chart: one x axis, one or more named series over it. */
export interface Plot {
  axis: "time" | "category";
  xName: string;
  /** Category labels, in the order of the rows; empty on a time axis. */
  categories: string[];
  series: { name: string; points: Point[] }[];
}

export class Unplottable extends Error {}

function index(data: Rows, name: string | null | undefined): number {
  return name ? data.columns.findIndex((column) => column.name === name) : -1;
}

/** Which columns play which part: what the display says, else the first fitting column. */
export function parts(display: Pick<Display, "x" | "y" | "series">, data: Rows): { x: number; y: number[]; series: number } {
  const series = index(data, display.series);
  const numeric = data.columns.map((column, i) => ({ i, number: shapeOf(column.type) === "number" }));
  let x = index(data, display.x);
  if (x < 0) x = numeric.find(({ i, number }) => !number && i !== series)?.i ?? 0;
  let y = display.y.map((name) => index(data, name)).filter((i) => i >= 0);
  if (y.length === 0) y = numeric.filter(({ i, number }) => number && i !== x && i !== series).map(({ i }) => i);
  if (y.length === 0) throw new Unplottable("This result has no column of numbers to draw.");
  return { x, y, series };
}

export function plot(display: Pick<Display, "x" | "y" | "series">, data: Rows): Plot {
  const { x, y, series } = parts(display, data);
  const xColumn = data.columns[x];
  if (!xColumn) throw new Unplottable("This result has no columns.");
  const shape = shapeOf(xColumn.type);
  const axis = shape === "time" || shape === "date" ? "time" : "category";
  const key = (cell: Cell | undefined): number | string | null =>
    axis === "time" ? asTime(cell) : show(cell, shape === "number" ? { name: "", type: "VARCHAR" } : xColumn);
  const made = new Map<string, Point[]>();
  const categories = new Set<string>();
  for (const row of data.rows) {
    const at = key(row[x]);
    if (at === null) continue;
    if (typeof at === "string") categories.add(at);
    for (const column of y) {
      const name = nameOf(data, row, series, column, y.length);
      const points = made.get(name) ?? [];
      points.push([at, asNumber(row[column])]);
      made.set(name, points);
    }
  }
  const named = [...made].map(([name, points]) => ({ name, points: axis === "time" ? points.sort(byTime) : points }));
  return { axis, xName: xColumn.name, categories: [...categories], series: named.sort(byName) };
}

function nameOf(data: Rows, row: Cell[], series: number, column: number, measures: number): string {
  const measured = label(data.columns[column]?.name ?? "");
  const column_ = data.columns[series];
  if (!column_) return measured;
  const group = show(row[series], column_);
  return measures > 1 ? `${group} · ${measured}` : group;
}

const byTime = (a: [number | string, unknown], b: [number | string, unknown]): number => Number(a[0]) - Number(b[0]);
// A fixed order keeps each series in its colour as rows come and go.
const byName = (a: { name: string }, b: { name: string }): number => a.name.localeCompare(b.name, undefined, { numeric: true });

/** `avg_delay_minutes` as a person would write it. */
export function label(name: string): string {
  const words = name.replaceAll("_", " ").trim();
  return words.charAt(0).toUpperCase() + words.slice(1);
}

/** The usual distance between neighbouring times: the smallest gap, or null for fewer than two. */
export function step(plotted: Plot): number | null {
  const times = [...new Set(plotted.series.flatMap(({ points }) => points.map(([x]) => Number(x))))].sort((a, b) => a - b);
  let smallest: number | null = null;
  for (let i = 1; i < times.length; i++) {
    const gap = (times[i] as number) - (times[i - 1] as number);
    if (gap > 0 && (smallest === null || gap < smallest)) smallest = gap;
  }
  return smallest;
}

/** The last x up to which the plot is complete, when there is more after it: later buckets may still change. */
export function completeUntil(plotted: Plot, completeTo: number | null): number | null {
  const width = step(plotted);
  if (plotted.axis !== "time" || completeTo === null || width === null) return null;
  let [first, last, newest] = [Infinity, -Infinity, -Infinity];
  for (const [x] of plotted.series.flatMap(({ points }) => points)) {
    const at = Number(x);
    first = Math.min(first, at);
    newest = Math.max(newest, at);
    if (at + width <= completeTo) last = Math.max(last, at);
  }
  if (newest + width <= completeTo) return null;
  return last === -Infinity ? first : last;
}

/** How much of a series must come at the usual distance for a longer one to count as a hole. */
const REGULAR = 0.6;

/** The points with a hole wherever a regular series misses some: a straight line across would tell of values nobody measured. */
export function withHoles(points: Point[], width: number | null): Point[] {
  if (width === null || points.length < 3) return points;
  const usual = points.filter(([x], i) => i > 0 && Number(x) - Number(points[i - 1]?.[0]) <= 1.5 * width).length;
  if (usual < REGULAR * (points.length - 1)) return points;
  return points.flatMap((point, i): Point[] => {
    const before = points[i - 1];
    return before && Number(point[0]) - Number(before[0]) > 1.5 * width ? [[Number(before[0]) + width, null], point] : [point];
  });
}

/** Every series at every x, zero where it has no row, so that layers stack on one another and not on a slope. */
export function aligned(plotted: Plot): Plot {
  const xs = [...new Set(plotted.series.flatMap(({ points }) => points.map(([x]) => x)))];
  if (plotted.axis === "time") xs.sort((a, b) => Number(a) - Number(b));
  const series = plotted.series.map(({ name, points }) => {
    const known = new Map(points);
    return { name, points: xs.map((x): Point => [x, known.get(x) ?? 0]) };
  });
  return { ...plotted, series };
}

export interface Grid {
  xs: string[];
  ys: string[];
  /** [x index, y index, value] */
  cells: [number, number, number | null][];
  low: number;
  high: number;
  measure: string;
}

/** Rows as a heatmap: x across, the series column (or else the second label column) down, the first measure as colour. */
export function grid(display: Pick<Display, "x" | "y" | "series">, data: Rows): Grid {
  const across = Math.max(0, index(data, display.x));
  const named = display.y.map((name) => index(data, name)).filter((i) => i >= 0);
  const numeric = (i: number): boolean => shapeOf(data.columns[i]?.type ?? "") === "number";
  const free = data.columns.map((_, i) => i).filter((i) => i !== across && !named.includes(i));
  let down = index(data, display.series);
  if (down < 0) down = (named.length > 1 ? named[0] : free.find((i) => !numeric(i)) ?? free[0]) ?? -1;
  const value = named.find((i) => i !== down) ?? data.columns.findIndex((_, i) => i !== across && i !== down && numeric(i));
  if (down < 0 || value < 0) throw new Unplottable("A heatmap needs a column across, a column down and a number.");
  const xs = axisOf(data, across);
  const ys = axisOf(data, down);
  const cells = data.rows.map((row): [number, number, number | null] => [
    xs.indexOf(text(data, row, across)),
    ys.indexOf(text(data, row, down)),
    asNumber(row[value]),
  ]);
  return { xs, ys, cells, low: cells.reduce((low, [, , v]) => Math.min(low, v ?? 0), 0), high: cells.reduce((high, [, , v]) => Math.max(high, v ?? 0), 0), measure: data.columns[value]?.name ?? "" };
}

function text(data: Rows, row: Cell[], column: number): string {
  const found = data.columns[column];
  if (!found) return "";
  // Numbers on an axis of a heatmap are names (an hour, a month), not measures.
  return shapeOf(found.type) === "number" ? String(row[column] ?? "–") : show(row[column], found);
}

function axisOf(data: Rows, column: number): string[] {
  const found = data.columns[column];
  const shape = shapeOf(found?.type ?? "");
  const order = [...new Map(data.rows.map((row) => [text(data, row, column), row[column]]))];
  if (shape === "number") order.sort((a, b) => (asNumber(a[1]) ?? 0) - (asNumber(b[1]) ?? 0));
  if (shape === "time" || shape === "date") order.sort((a, b) => (asTime(a[1]) ?? 0) - (asTime(b[1]) ?? 0));
  return order.map(([name]) => name);
}
