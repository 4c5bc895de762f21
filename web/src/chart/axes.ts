import { measure, moment } from "../format.ts";
import { step, type Plot } from "../series.ts";
import type { ChartInput } from "./frame.ts";

const DAY_MS = 86_400_000;
const WEEK_MS = 7 * DAY_MS;
/** Among hours, a bare 30 or Oct would not be taken for a day. */
const DATE = "{primary|{MMM} {d}}";

export function pointer({ display, palette }: ChartInput): object {
  return {
    type: display.kind === "bar" ? "shadow" : "line",
    lineStyle: { color: palette.muted, type: "solid", width: 1 },
    shadowStyle: { color: palette.muted, opacity: 0.08 },
  };
}

/** Bars lie down when their names would not fit side by side. */
export function liesBetter(plotted: Plot, { width, height }: ChartInput): boolean {
  const longest = Math.max(0, ...plotted.categories.map((name) => name.length));
  const room = (width - 48) / Math.max(1, plotted.categories.length);
  return longest * 6.2 + 8 > room && (height - 40) / plotted.categories.length >= 13;
}

export function valueAxis({ display, palette, width, height }: ChartInput, lying: boolean): object {
  return {
    type: "value",
    splitNumber: lying ? Math.max(2, Math.floor(width / 110)) : Math.max(2, Math.floor(height / 56)),
    axisLabel: { color: palette.muted, fontSize: 11, formatter: (v: number) => measure(v, display, true), hideOverlap: true },
    splitLine: { lineStyle: { color: palette.line } },
    axisLine: { show: false },
    axisTick: { show: false },
  };
}

export function timeAxis({ display, palette, width }: ChartInput, plotted: Plot): object {
  const gap = step(plotted);
  const half = display.kind === "bar" && gap !== null ? gap / 2 : 0;
  return {
    type: "time",
    min: half ? (extent: { min: number }) => extent.min - half : undefined,
    max: half ? (extent: { max: number }) => extent.max + half : undefined,
    // Days are the finest thing there is on an axis of dates.
    minInterval: plotted.series.every(({ points }) => points.every(([x]) => Number(x) % DAY_MS === 0)) ? DAY_MS : undefined,
    splitNumber: Math.max(2, Math.floor(width / 110)),
    axisLabel: { color: palette.muted, fontSize: 11, hideOverlap: true, formatter: span(plotted) < WEEK_MS ? { day: DATE, month: DATE } : undefined },
    axisLine: { lineStyle: { color: palette.line } },
    axisTick: { show: false },
    splitLine: { show: false },
    axisPointer: { label: { formatter: ({ value }: { value: number }) => moment(new Date(value).toISOString()) } },
  };
}

/** Milliseconds from the first to the last x. */
function span({ series }: Plot): number {
  const xs = series.flatMap(({ points }) => points.map(([x]) => Number(x)));
  return xs.reduce((high, x) => Math.max(high, x), -Infinity) - xs.reduce((low, x) => Math.min(low, x), Infinity);
}

export function categoryAxis({ palette, width }: ChartInput, plotted: Plot, lying: boolean): object {
  return {
    type: "category",
    data: plotted.categories,
    inverse: lying,
    axisLabel: {
      color: palette.muted,
      fontSize: 11,
      hideOverlap: !lying,
      interval: lying ? 0 : "auto",
      width: lying ? Math.min(180, width * 0.36) : undefined,
      overflow: "truncate",
    },
    axisLine: { lineStyle: { color: palette.line } },
    axisTick: { show: false },
  };
}
