import type { Cell, Column, Display, Rows } from "./contract.ts";
import { asNumber, asTime, NONE, shapeOf, show } from "./format.ts";

export interface Sample {
  /** Milliseconds on any clock, or a position. */
  at: number;
  value: number;
}

export interface Headline {
  /** What can be animated: a number, or a time in milliseconds. */
  value: number | null;
  text: string;
  column: Column | null;
  /** The measure over the rows, when the result has an x axis. */
  trail: Sample[];
  others: { column: Column; cell: Cell | undefined }[];
}

/** How far back a stat's change looks, and how long its trail is kept. */
const CHANGE_MS = 60_000;
const KEEP_MS = 300_000;

/** The one number of a stat: the first measure of the last row; further measures are told beside it. */
export function headline(display: Pick<Display, "x" | "y">, data: Rows): Headline {
  const named = display.y.flatMap((name) => data.columns.findIndex((column) => column.name === name)).filter((i) => i >= 0);
  const numeric = data.columns.findIndex((column) => shapeOf(column.type) === "number");
  const main = named[0] ?? (numeric >= 0 ? numeric : 0);
  const column = data.columns[main] ?? null;
  const row = data.rows.at(-1);
  const read = (cell: Cell | undefined): number | null => (column && shapeOf(column.type) === "time" ? asTime(cell) : asNumber(cell));
  const values = display.x === null ? [] : data.rows.map((r) => read(r[main])).filter((value) => value !== null);
  const trail = values.map((value, at) => ({ at, value }));
  const others = named.slice(1).flatMap((i) => {
    const found = data.columns[i];
    return found ? [{ column: found, cell: row?.[i] }] : [];
  });
  return { value: read(row?.[main]), text: column && row ? show(row[main], column) : NONE, column, trail, others };
}

/** Keep the last few minutes of what was seen. */
export function remember(seen: readonly Sample[], sample: Sample): Sample[] {
  return [...seen.filter(({ at }) => sample.at - at <= KEEP_MS), sample];
}

/** How much the value moved: since a minute before the last sample, or the row before it. */
export function change(samples: readonly Sample[]): { by: number; over: number } | null {
  const last = samples.at(-1);
  if (!last || samples.length < 2) return null;
  const rows = samples.every(({ at }, i) => at === i);
  const then = rows ? samples.at(-2) : (samples.findLast(({ at }) => last.at - at >= CHANGE_MS) ?? samples[0]);
  if (!then || then.value === last.value) return null;
  return { by: last.value - then.value, over: last.at - then.at };
}

/** Points of an SVG polyline over the samples, or null when there is no line to draw. */
export function sparkline(samples: readonly Sample[], width: number, height: number): string | null {
  const first = samples[0];
  const last = samples.at(-1);
  if (!first || !last || samples.length < 3 || last.at === first.at) return null;
  const values = samples.map(({ value }) => value);
  const low = Math.min(...values);
  const span = Math.max(...values) - low;
  if (span === 0) return null;
  return samples
    .map(({ at, value }) => {
      const x = ((at - first.at) / (last.at - first.at)) * width;
      return `${x.toFixed(1)},${(height - ((value - low) / span) * height).toFixed(1)}`;
    })
    .join(" ");
}
