import type { BarSeriesOption, LineSeriesOption } from "echarts/charts";
import type { MarkAreaComponentOption } from "echarts/components";
import { textIn, type Palette } from "../palette.ts";
import { withHoles, type Plot, type Point } from "../series.ts";
import type { ChartInput } from "./frame.ts";
import { isStacked } from "./scale.ts";

export function line({ display, still, palette }: ChartInput, one: Plot["series"][number], i: number, shift: number | null, until: number | null, width: number | null): LineSeriesOption {
  const area = display.kind === "area";
  const colour = palette.series[i % palette.series.length] as string;
  const points = isStacked(display) ? one.points : withHoles(one.points, width);
  const lone = alone(points);
  const made: LineSeriesOption = {
    id: one.name,
    name: one.name,
    type: "line",
    data: points,
    showSymbol: lone.size > 0,
    symbolSize: lone.size > 0 ? (_value: unknown, at: { dataIndex: number }) => (lone.has(at.dataIndex) ? 5 : 0) : 5,
    sampling: "lttb",
    // The palette ends after eight; a dash tells the ninth line from the first.
    lineStyle: { width: area ? 1.5 : 2, type: i < palette.series.length ? "solid" : "dashed", cap: "round" },
    emphasis: { focus: "series" },
    endLabel: { show: shift !== null, formatter: "{a}", color: textIn(colour, palette), fontSize: 11, fontWeight: 550, distance: 6, offset: [0, shift ?? 0] },
    animation: !still,
  };
  if (area) {
    // Moving over an area would dim all others at every step.
    made.emphasis = { disabled: true };
    made.areaStyle = { opacity: isStacked(display) ? 0.55 : 0.16 };
    if (isStacked(display)) made.stack = "all";
  }
  if (until !== null) made.markArea = unfinished(palette, until);
  return made;
}

/** The part of the plot that is not complete yet. */
function unfinished(palette: Palette, from: number): MarkAreaComponentOption {
  return {
    silent: true,
    animation: false,
    itemStyle: { color: palette.muted, opacity: 0.1 },
    data: [[{ xAxis: from }, { xAxis: "max" }]],
  };
}

/** Points without a neighbour: no line reaches them, so they need a dot. */
function alone(points: readonly Point[]): Set<number> {
  const found = new Set<number>();
  points.forEach(([, y], i) => {
    if (y !== null && (points[i - 1]?.[1] ?? null) === null && (points[i + 1]?.[1] ?? null) === null) found.add(i);
  });
  return found;
}

export function bar({ display }: ChartInput, plotted: Plot, i: number, lying: boolean, until: number | null): BarSeriesOption {
  const one = plotted.series[i] as Plot["series"][number];
  const stacked = isStacked(display) && plotted.series.length > 1;
  const last = i === plotted.series.length - 1;
  const radius = lying ? [0, 3, 3, 0] : [3, 3, 0, 0];
  const made: BarSeriesOption = {
    id: one.name,
    name: one.name,
    type: "bar",
    data: one.points.map(([x, y]) => ({
      value: lying ? [y, x] : [x, y],
      ...(until !== null && Number(x) > until ? { itemStyle: { opacity: 0.45 } } : {}),
    })),
    barMaxWidth: lying ? 18 : 34,
    barCategoryGap: "28%",
    itemStyle: { borderRadius: !stacked || last ? radius : 0 },
    emphasis: { focus: "series" },
  };
  if (stacked) made.stack = "all";
  return made;
}
