import assert from "node:assert/strict";
import { test } from "node:test";
import type { ChartInput } from "../src/chart/frame.ts";
import { chartOption, describe } from "../src/chart/option.ts";
import { niceScale } from "../src/chart/scale.ts";
import type { Display, Rows } from "../src/contract.ts";
import { PALETTES } from "../src/palette.ts";

const display: Display = { title: "Delay", kind: "line", x: "hour", y: ["delay"], series: "origin", unit: "min", format: null };
const data: Rows = {
  columns: [{ name: "hour", type: "TIMESTAMP" }, { name: "origin", type: "VARCHAR" }, { name: "delay", type: "DOUBLE" }],
  rows: [0, 1, 2].flatMap((hour) => ["EWR", "JFK", "LGA"].map((origin, i) => [`2013-03-14T0${hour}:00:00Z`, origin, 10 + 0.01 * i])),
};
const input = (more: Partial<ChartInput> = {}): ChartInput => ({ display, data, palette: PALETTES.light, width: 700, height: 300, still: true, ...more });
type Any = Record<string, any>;
const made = (more: Partial<ChartInput> = {}): Any => chartOption(input(more)) as Any;

test("with room, lines carry their names at their ends, none over another", () => {
  const option = made();
  assert.equal(option.legend.show, false);
  const shifts = option.series.map((one: Any) => one.endLabel.offset[1] as number);
  const places = option.series.map((one: Any, i: number) => {
    const value = one.data.at(-1)[1] as number;
    return (300 - 39) * (1 - (value - option.yAxis.min) / (option.yAxis.max - option.yAxis.min)) + shifts[i];
  });
  places.sort((a: number, b: number) => a - b);
  assert.ok(places[0] >= -1e-9 && places.at(-1) <= 300 - 39 + 1e-9, "inside the plot");
  for (let i = 1; i < places.length; i++) assert.ok(places[i] - places[i - 1] >= 12.9, String(places));
});

test("without room there is a legend", () => {
  const option = made({ width: 240 });
  assert.equal(option.legend.show, true);
  assert.equal(option.series[0].endLabel.show, false);
});

test("a legend shows every name whole, above the plot, as long as a third of the chart is enough", () => {
  const names = ["fair", "heavy rain", "light rain", "low visibility", "not observed", "snow or ice", "strong wind"];
  const bars = (width: number, height: number): Any =>
    made({
      display: { ...display, kind: "bar" },
      data: { ...data, rows: names.flatMap((name) => [0, 1].map((hour) => [`2013-03-14T0${hour}:00:00Z`, name, 1])) },
      width,
      height,
    });
  const legends = [bars(900, 200), bars(340, 200), bars(230, 200), bars(230, 150)];
  assert.deepEqual(legends.map(({ legend, grid }) => [legend.type, grid.top]), [["plain", 34], ["plain", 54], ["plain", 74], ["scroll", 34]]);
});

test("among hours a day has its month beside it; among days it has not", () => {
  assert.equal(made().xAxis.axisLabel.formatter.day, "{primary|{MMM} {d}}");
  const days = [1, 15, 30].map((day) => [`2013-03-${String(day).padStart(2, "0")}T00:00:00Z`, "EWR", day]);
  assert.equal(made({ data: { ...data, rows: days } }).xAxis.axisLabel.formatter, undefined);
});

test("what is not complete yet is shaded under lines and pale in bars", () => {
  assert.equal(made().series[0].markArea, undefined);
  const line = made({ completeTo: "2013-03-14T02:00:00Z" });
  assert.equal(line.series[0].markArea.data[0][0].xAxis, Date.UTC(2013, 2, 14, 1));
  assert.equal(line.series[1].markArea, undefined, "once, not once a series");
  const bars = made({ display: { ...display, kind: "bar" }, completeTo: "2013-03-14T02:00:00Z" });
  assert.deepEqual(bars.series[0].data.map((one: Any) => one.itemStyle?.opacity ?? 1), [1, 1, 0.45]);
});

test("areas and bars begin at zero; a line far from it does not", () => {
  assert.ok(made().yAxis.min > 9);
  assert.equal(made({ display: { ...display, kind: "area" } }).yAxis.min, 0);
  assert.equal(made({ display: { ...display, kind: "bar" } }).yAxis.scale, false);
});

test("series keep their identity from one update to the next", () => {
  assert.deepEqual(made().series.map((one: Any) => one.id), ["EWR", "JFK", "LGA"]);
});

test("long names make bars lie down, values along x", () => {
  const rows: Rows = {
    columns: [{ name: "carrier", type: "VARCHAR" }, { name: "delay", type: "DOUBLE" }],
    rows: [["AirTran Airways Corporation", 3], ["Hawaiian Airlines Inc.", 1]],
  };
  const option = made({ display: { ...display, kind: "bar", x: "carrier", series: null }, data: rows, width: 300 });
  assert.equal(option.yAxis.type, "category");
  assert.deepEqual(option.series[0].data[0].value, [3, "AirTran Airways Corporation"]);
});

test("the heatmap's tooltip is text, never markup from data", () => {
  const rows: Rows = { columns: [{ name: "hour", type: "BIGINT" }, { name: "day", type: "VARCHAR" }, { name: "n", type: "BIGINT" }], rows: [[1, "<img src=x>", 3]] };
  const box = { textContent: "" };
  const before = globalThis.document;
  (globalThis as Any).document = { createElement: () => box };
  try {
    const option = made({ display: { ...display, kind: "heatmap", series: "day", y: ["n"], x: "hour" }, data: rows });
    assert.equal(option.tooltip.formatter({ value: [0, 0, 3] }), box);
    assert.match(box.textContent, /<img src=x> · 1: 3 min/);
  } finally {
    (globalThis as Any).document = before;
  }
});

test("scales end on round steps", () => {
  assert.deepEqual(niceScale(0, 97, 280), { min: 0, max: 100, interval: 20 });
  assert.deepEqual(niceScale(5, 5, 280).min <= 5, true);
  const { min, max, interval } = niceScale(0.61, 0.88, 280);
  assert.ok(min <= 0.61 && max >= 0.88 && Math.abs((max - min) / interval - Math.round((max - min) / interval)) < 1e-9);
});

test("a chart says in words what it shows", () => {
  assert.equal(describe(display, data), "Line chart of Delay: 9 rows of hour, origin, delay. The same values are in its table.");
});

test("stacked bars have every x in every series: they stack by place in the list", () => {
  const option = made({ display: { ...display, kind: "bar" }, data: { ...data, rows: data.rows.slice(1, -1) } });
  const xs = option.series.map((one: Any) => one.data.map((bar: Any) => bar.value[0]));
  assert.equal(xs.length, 3);
  assert.deepEqual(xs[0], xs[1]);
  assert.deepEqual(xs[1], xs[2]);
});

test("a point that no line reaches gets a dot", () => {
  const rows = ["00", "01", "02", "03", "09", "12"].map((hour) => [`2013-03-14T${hour}:00:00Z`, 1]);
  const lone = made({ display: { ...display, series: null }, data: { columns: [data.columns[0]!, data.columns[2]!], rows } }).series[0];
  const sizes = lone.data.map((_: unknown, dataIndex: number) => lone.symbolSize(null, { dataIndex }));
  assert.equal(lone.showSymbol, true);
  assert.deepEqual(sizes, [0, 0, 0, 0, 0, 5, 0, 5]);
  assert.equal(made().series[0].showSymbol, false);
});
