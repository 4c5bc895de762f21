import type { Display } from "../contract.ts";
import { apart } from "../layout.ts";
import type { Plot } from "../series.ts";
import type { ChartInput } from "./frame.ts";

/** With room to the right, a name at the end of its line reads better than a legend, and needs no colour to be told. */
export function labelsAtEnds({ display, width, height }: ChartInput, plotted: Plot): boolean {
  const count = plotted.series.length;
  const line = display.kind === "line" || display.kind === "area";
  return line && plotted.axis === "time" && count > 1 && count * 15 < height - 50 && width - endLabelWidth(plotted) > 260;
}

/** What the value axis has to reach: from the lowest to the highest, from zero where lengths or areas are compared. */
export function reach(display: Display, plotted: Plot): [low: number, high: number] {
  const stacked = isStacked(display);
  const sums = new Map<number | string, number>();
  let low = Infinity;
  let high = -Infinity;
  for (const { points } of plotted.series) {
    for (const [x, y] of points) {
      if (y === null) continue;
      const reached = stacked ? (sums.get(x) ?? 0) + y : y;
      sums.set(x, reached);
      low = Math.min(low, reached);
      high = Math.max(high, reached);
    }
  }
  if (low > high) return [0, 1];
  return display.kind === "line" && isFar([low, high]) ? [low, high] : [Math.min(0, low), Math.max(0, high)];
}

/** Lines that move little and far from zero would be flat on an axis that begins there. */
export function isFar([low, high]: [number, number]): boolean {
  return low > 0 && high - low < 0.5 * high;
}

export function isStacked(display: Display): boolean {
  if (display.kind === "bar") return display.series !== null;
  return display.kind === "area" && (display.series !== null || display.y.length > 1);
}

export interface Scale {
  min: number;
  max: number;
  interval: number;
}

/** Round steps of 1, 2 or 5, about one for every 56 pixels. */
export function niceScale(low: number, high: number, height: number): Scale {
  const span = high > low ? high - low : Math.abs(high) || 1;
  const rough = span / Math.max(2, Math.floor(height / 56));
  const power = 10 ** Math.floor(Math.log10(rough));
  const interval = ([1, 2, 5].find((step) => step * power >= rough * 0.999) ?? 10) * power;
  return { min: Math.floor(low / interval + 1e-9) * interval, max: Math.ceil(high / interval - 1e-9) * interval || interval, interval };
}

const LABEL_HEIGHT = 13;
export const PLOT_TOP = 12;
const PLOT_BOTTOM = 27;

/** How far each name at the end of its line has to move so that none covers another. */
export function labelShifts({ display, height }: ChartInput, plotted: Plot, { min, max }: Scale): number[] {
  const room = height - PLOT_TOP - PLOT_BOTTOM;
  let sum = 0;
  const wanted = plotted.series.map(({ points }) => {
    const last = points.findLast(([, y]) => y !== null)?.[1] ?? 0;
    sum += last;
    return room * (1 - ((isStacked(display) ? sum : last) - min) / (max - min));
  });
  const byHeight = wanted.map((y, i) => ({ y, i })).sort((a, b) => a.y - b.y || b.i - a.i);
  const placed = apart(byHeight.map(({ y }) => y), Array<number>(Math.max(0, wanted.length - 1)).fill(LABEL_HEIGHT));
  const shifts = Array<number>(wanted.length).fill(0);
  byHeight.forEach(({ y, i }, at) => {
    // Inside the plot, with room left for those above and below.
    const lowest = room - (wanted.length - 1 - at) * LABEL_HEIGHT;
    shifts[i] = Math.max(at * LABEL_HEIGHT, Math.min(lowest, placed[at] as number)) - y;
  });
  return shifts;
}

export function endLabelWidth(plotted: Plot): number {
  return 16 + 6.4 * Math.max(...plotted.series.map(({ name }) => name.length));
}
