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

export function legendOf({ palette }: ChartInput, shown: boolean): LegendComponentOption {
  return {
    show: shown,
    type: "scroll",
    left: 0,
    top: 0,
    itemWidth: 14,
    itemHeight: 8,
    itemGap: 14,
    icon: "roundRect",
    textStyle: { color: palette.muted, fontFamily: FONT, fontSize: 11 },
    pageTextStyle: { color: palette.muted, fontSize: 11 },
    pageIconColor: palette.muted,
    pageIconInactiveColor: palette.line,
    pageIconSize: 10,
  };
}
