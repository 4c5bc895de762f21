import type { Display, Rows } from "../contract.ts";
import { asTime } from "../format.ts";
import { aligned, completeUntil, label, plot, step } from "../series.ts";
import { categoryAxis, liesBetter, pointer, timeAxis, valueAxis } from "./axes.ts";
import { frame, legendOf, legendRows, tooltip, underLegend, withUnit, type ChartInput, type ChartOption } from "./frame.ts";
import { heatmap } from "./heatmap.ts";
import { bar, line } from "./marks.ts";
import { endLabelWidth, isFar, isStacked, labelsAtEnds, labelShifts, niceScale, PLOT_TOP, reach } from "./scale.ts";

/** The whole ECharts option for a display and its rows. Pure: the same input gives the same option. */
export function chartOption(input: ChartInput): ChartOption {
  return input.display.kind === "heatmap" ? heatmap(input) : cartesian(input);
}

function cartesian(input: ChartInput): ChartOption {
  const { display } = input;
  const raw = plot(display, input.data);
  const plotted = isStacked(display) ? aligned(raw) : raw;
  const lying = display.kind === "bar" && plotted.axis === "category" && liesBetter(plotted, input);
  const base = plotted.axis === "time" ? timeAxis(input, plotted) : categoryAxis(input, plotted, lying);
  const direct = labelsAtEnds(input, plotted);
  const legend = plotted.series.length > 1 && !direct;
  const rows = legendRows(input, plotted.series.map(({ name }) => name));
  const scale = direct ? niceScale(...reach(display, plotted), input.height) : null;
  const shifts = scale ? labelShifts(input, plotted, scale) : [];
  const value = { ...valueAxis(input, lying), scale: display.kind === "line" && isFar(reach(display, plotted)) };
  const until = completeUntil(plotted, asTime(input.completeTo ?? null));
  return {
    ...frame(input),
    grid: {
      left: 4,
      right: direct ? endLabelWidth(plotted) : 12,
      top: legend ? underLegend(rows) : PLOT_TOP,
      bottom: 4,
      outerBoundsMode: "same",
      outerBoundsContain: "axisLabel",
    },
    legend: legendOf(input, legend, rows),
    tooltip: {
      ...tooltip(input),
      trigger: "axis",
      axisPointer: pointer(input),
      valueFormatter: (v) => withUnit(v, display),
    },
    xAxis: lying ? value : base,
    yAxis: lying ? base : { ...value, ...scale },
    series: plotted.series.map((one, i) =>
      display.kind === "bar" ? bar(input, plotted, i, lying, until) : line(input, one, i, shifts[i] ?? null, i === 0 ? until : null, plotted.axis === "time" ? step(plotted) : null),
    ),
  } as ChartOption;
}

/** What a chart shows, in a sentence, for those who do not see it. */
export function describe(display: Display, data: Rows): string {
  const noun = { line: "Line chart", area: "Area chart", bar: "Bar chart", heatmap: "Heatmap", stat: "Figure", table: "Table" };
  const count = `${data.rows.length} ${data.rows.length === 1 ? "row" : "rows"}`;
  const names = data.columns.map(({ name }) => label(name).toLowerCase()).join(", ");
  return `${noun[display.kind]} of ${display.title}: ${count} of ${names}. The same values are in its table.`;
}
