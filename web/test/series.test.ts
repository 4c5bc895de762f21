import assert from "node:assert/strict";
import { test } from "node:test";
import type { Rows } from "../src/contract.ts";
import { aligned, completeUntil, grid, label, parts, plot, step, Unplottable, withHoles, type Point } from "../src/series.ts";

const hourly: Rows = {
  columns: [
    { name: "hour", type: "TIMESTAMP" },
    { name: "origin", type: "VARCHAR" },
    { name: "flights", type: "BIGINT" },
    { name: "delay", type: "DOUBLE" },
  ],
  rows: [
    ["2013-03-14T02:00:00Z", "LGA", 3, 1.5],
    ["2013-03-14T00:00:00Z", "JFK", 1, 2.5],
    ["2013-03-14T01:00:00Z", "JFK", 2, null],
  ],
};
const bare = { x: null, y: [], series: null };

test("what is not said is taken from the columns: first label across, every other number up", () => {
  assert.deepEqual(parts(bare, hourly), { x: 0, y: [2, 3], series: -1 });
  assert.deepEqual(parts({ x: "origin", y: ["delay"], series: null }, hourly), { x: 1, y: [3], series: -1 });
});

test("rows become one series per value of the series column, in a fixed order, times ascending", () => {
  const made = plot({ x: "hour", y: ["flights"], series: "origin" }, hourly);
  assert.equal(made.axis, "time");
  assert.deepEqual(made.series.map(({ name }) => name), ["JFK", "LGA"]);
  assert.deepEqual(made.series[0]?.points, [[Date.UTC(2013, 2, 14, 0), 1], [Date.UTC(2013, 2, 14, 1), 2]]);
});

test("several measures of several groups are told apart, and NULL stays a gap", () => {
  const made = plot({ x: "hour", y: ["flights", "delay"], series: "origin" }, hourly);
  assert.deepEqual(made.series.map(({ name }) => name), ["JFK · Delay", "JFK · Flights", "LGA · Delay", "LGA · Flights"]);
  assert.equal(made.series[0]?.points[1]?.[1], null);
});

test("categories keep the order of the rows", () => {
  const made = plot({ x: "origin", y: ["flights"], series: null }, hourly);
  assert.equal(made.axis, "category");
  assert.deepEqual(made.categories, ["LGA", "JFK"]);
});

test("a result without numbers says that it cannot be drawn", () => {
  assert.throws(() => plot(bare, { columns: [{ name: "a", type: "VARCHAR" }], rows: [["x"]] }), Unplottable);
  assert.throws(() => grid(bare, { columns: [{ name: "a", type: "VARCHAR" }], rows: [] }), Unplottable);
});

test("the last complete bucket ends no later than the watermark", () => {
  const made = plot({ x: "hour", y: ["flights"], series: "origin" }, hourly);
  const at = (hour: number, minute = 0): number => Date.UTC(2013, 2, 14, hour, minute);
  assert.equal(step(made), 3_600_000);
  assert.equal(completeUntil(made, at(2)), at(1));
  assert.equal(completeUntil(made, at(2, 59)), at(1));
  assert.equal(completeUntil(made, at(3)), null, "all of it is complete");
  assert.equal(completeUntil(made, at(0)), at(0), "none of it is");
  assert.equal(completeUntil(made, null), null);
});

test("a heatmap takes x across, series down, in their own order", () => {
  const data: Rows = {
    columns: [{ name: "hour", type: "BIGINT" }, { name: "day", type: "VARCHAR" }, { name: "delay", type: "DOUBLE" }],
    rows: [[10, "Mon", 4], [9, "Mon", 2], [9, "Tue", null]],
  };
  const made = grid({ x: "hour", y: ["delay"], series: "day" }, data);
  assert.deepEqual(made.xs, ["9", "10"]);
  assert.deepEqual(made.ys, ["Mon", "Tue"]);
  assert.deepEqual(made.cells, [[1, 0, 4], [0, 0, 2], [0, 1, null]]);
  assert.equal(made.high, 4);
});

test("names read as words", () => assert.equal(label("mean_delay_min"), "Mean delay min"));

test("a regular line is broken where points are missing, an irregular one is not", () => {
  const at = (xs: number[]): Point[] => xs.map((x) => [x, 1]);
  assert.deepEqual(withHoles(at([0, 1, 2, 6, 7]), 1), [[0, 1], [1, 1], [2, 1], [3, null], [6, 1], [7, 1]]);
  assert.deepEqual(withHoles(at([0, 1, 5, 9, 20]), 1), at([0, 1, 5, 9, 20]));
  assert.deepEqual(withHoles(at([0, 28, 59, 89]), 28), at([0, 28, 59, 89]), "months are regular");
});

test("layers stack at every x, as nothing where they have no row", () => {
  const made = aligned(plot({ x: "hour", y: ["flights"], series: "origin" }, hourly));
  assert.deepEqual(made.series.map(({ points }) => points.map(([, y]) => y)), [[1, 2, 0], [0, 0, 3]]);
});
