import type { Display } from "../contract.ts";
import { measure } from "../format.ts";
import { onScale, textOn } from "../palette.ts";
import { grid, label } from "../series.ts";
import { frame, tooltip, withUnit, type ChartInput, type ChartOption } from "./frame.ts";

export function heatmap(input: ChartInput): ChartOption {
  const { display, palette, width, height } = input;
  const made = grid(display, input.data);
  const room = { x: (width - 70) / Math.max(1, made.xs.length), y: (height - 60) / Math.max(1, made.ys.length) };
  const axis = (data: string[], inverse: boolean): object => ({
    type: "category",
    data,
    inverse,
    axisLabel: { color: palette.muted, fontSize: 11, hideOverlap: true },
    axisLine: { show: false },
    axisTick: { show: false },
    splitArea: { show: false },
  });
  const said = (v: unknown): string => withUnit(v, display);
  const span = made.high - made.low || 1;
  return {
    ...frame(input),
    grid: { left: 4, right: 4, top: 8, bottom: 30, outerBoundsMode: "same", outerBoundsContain: "axisLabel" },
    xAxis: axis(made.xs, false),
    yAxis: axis(made.ys, true),
    tooltip: {
      ...tooltip(input),
      trigger: "item",
      formatter: (at: unknown) => {
        const [x, y, v] = (at as { value: [number, number, number | null] }).value;
        // Text only: the names come from data and must not become markup.
        const box = document.createElement("div");
        box.textContent = `${made.ys[y] ?? ""} · ${made.xs[x] ?? ""}: ${said(v)}`;
        return box;
      },
    },
    visualMap: {
      min: made.low,
      max: made.high > made.low ? made.high : made.low + 1,
      orient: "horizontal",
      left: "center",
      bottom: 0,
      padding: 0,
      itemWidth: 8,
      itemHeight: Math.min(160, width * 0.4),
      text: [measure(made.high, display, true), measure(made.low, display, true)],
      textStyle: { color: palette.muted, fontSize: 11 },
      inRange: { color: [...palette.scale] },
      hoverLink: false,
    },
    series: [
      {
        id: "cells",
        name: label(made.measure),
        type: "heatmap",
        data: made.cells.map(([x, y, v]) => ({
          value: [x, y, v ?? "-"],
          label: { color: textOn(v === null ? palette.surface : onScale(palette.scale, (v - made.low) / span)) },
        })),
        itemStyle: { borderColor: palette.surface, borderWidth: 1, borderRadius: 2 },
        emphasis: { itemStyle: { borderColor: palette.ink, borderWidth: 1.5 } },
        label: { show: room.x > 34 && room.y > 17, fontSize: 10, formatter: (at: unknown) => cellText(at, display) },
        progressive: 0,
        animation: false,
      },
    ],
  } as ChartOption;
}

function cellText(at: unknown, display: Display): string {
  const value = (at as { value: [number, number, number | string] }).value[2];
  if (typeof value !== "number") return "";
  const worth = Math.abs(value) >= 10 ? Math.round(value) : Math.round(value * 10) / 10;
  return measure(display.format === null ? worth : value, display, true);
}
