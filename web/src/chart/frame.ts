import type { BarSeriesOption, HeatmapSeriesOption, LineSeriesOption } from "echarts/charts";
import type {
  AriaComponentOption,
  GridComponentOption,
  LegendComponentOption,
  TooltipComponentOption,
  VisualMapComponentOption,
} from "echarts/components";
import type { ComposeOption } from "echarts/core";
import type { Display, Rows } from "../contract.ts";
import { measure, unitOf } from "../format.ts";
import type { Palette } from "../palette.ts";

export type ChartOption = ComposeOption<
  | AriaComponentOption
  | BarSeriesOption
  | GridComponentOption
  | HeatmapSeriesOption
  | LegendComponentOption
  | LineSeriesOption
  | TooltipComponentOption
  | VisualMapComponentOption
>;

export interface ChartInput {
  display: Display;
  data: Rows;
  /** Event time up to which everything has arrived; what comes after it is drawn as still to change. */
  completeTo?: string | null;
  palette: Palette;
  /** CSS pixels. */
  width: number;
  height: number;
  /** No movement: the reader asked for less, or the page is going to paper. */
  still: boolean;
}

const FONT = '"Inter Variable", system-ui, sans-serif';
const SETTLE_MS = 350;

export function frame({ palette, still }: ChartInput): ChartOption {
  return {
    animation: !still,
    animationDuration: SETTLE_MS,
    animationDurationUpdate: SETTLE_MS,
    animationEasingUpdate: "cubicOut",
    color: [...palette.series],
    textStyle: { fontFamily: FONT, fontSize: 11, color: palette.muted },
    aria: { enabled: false },
    useUTC: true,
  } as ChartOption;
}

export function tooltip({ palette }: ChartInput): TooltipComponentOption {
  return {
    confine: true,
    backgroundColor: palette.raised,
    borderColor: palette.line,
    borderWidth: 1,
    padding: [8, 10],
    transitionDuration: 0.1,
    textStyle: { color: palette.ink, fontFamily: FONT, fontSize: 12 },
    extraCssText: "border-radius:8px;box-shadow:0 6px 20px rgb(0 20 30/.16);font-variant-numeric:tabular-nums",
  };
}

export function withUnit(value: unknown, display: Display): string {
  if (typeof value !== "number") return "–";
  const unit = unitOf(display);
  return unit ? `${measure(value, display)} ${unit}` : measure(value, display);
}

const LEGEND_ROW = 20;
const LEGEND_GAP = 6;

/** How many rows a legend takes that shows every name whole; null when that is more than a third of the chart. */
export function legendRows({ width, height }: ChartInput, names: readonly string[]): number | null {
  let rows = 1;
  let used = 0;
  for (const name of names) {
    const needed = 27 + textWidth(name);
    if (used > 0 && used + needed > width) {
      rows += 1;
      used = 0;
    }
    used += needed + LEGEND_GAP;
  }
  return rows * LEGEND_ROW > height / 3 ? null : rows;
}

/** About how wide a text is at 11 px in Inter; rather too wide than too narrow. */
function textWidth(text: string): number {
  let width = 0;
  for (const letter of text) {
    if (/[ijl.,:;'| ]/.test(letter)) width += 3.2;
    else if (/[frt()-]/.test(letter)) width += 4.3;
    else if (/[mwMW%]/.test(letter)) width += 10;
    else width += /[A-Z]/.test(letter) ? 7.9 : 6.7;
  }
  return width;
}

/** Where the plot begins under a legend. */
export function underLegend(rows: number | null): number {
  return 14 + LEGEND_ROW * (rows ?? 1);
}

/** Names in rows, or, with too many of them, in one row that is paged through. */
export function legendOf({ palette }: ChartInput, shown: boolean, rows: number | null): LegendComponentOption {
  return {
    show: shown,
    type: rows === null ? "scroll" : "plain",
    left: 0,
    top: 0,
    padding: 0,
    itemWidth: 14,
    itemHeight: 8,
    itemGap: LEGEND_GAP,
    icon: "roundRect",
    // As high as its letters, or the paged legend clips them.
    textStyle: { color: palette.muted, fontFamily: FONT, fontSize: 11, lineHeight: LEGEND_ROW - LEGEND_GAP, padding: [0, 8, 0, 0] },
    pageTextStyle: { color: palette.muted, fontSize: 11 },
    pageIconColor: palette.muted,
    pageIconInactiveColor: palette.line,
    pageIconSize: 10,
  };
}
