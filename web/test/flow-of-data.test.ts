import assert from "node:assert/strict";
import { test } from "node:test";
import type { Receipt, Rows } from "../src/contract.ts";
import { change, headline, remember, sparkline, type Sample } from "../src/headline.ts";
import { retryDelay } from "../src/live.ts";
import { arrivals, through } from "../src/rates.ts";
import { combined, provenAt } from "../src/receipts.ts";
import { locate } from "../src/routes.ts";

const receipt = (model: string, equal: boolean, epoch: number): Receipt => ({
  model, equal, epoch, missing: 0, extra: equal ? 0 : 1, seconds: 1, rows: 1, checked_at: "", offsets: {}, snapshot: {},
});

test("one difference spoils the verdict, one missing receipt leaves it open", () => {
  assert.equal(combined([receipt("a", true, 5), receipt("b", true, 7)], 2), "equal");
  assert.equal(combined([receipt("a", true, 5)], 2), "unproven");
  assert.equal(combined([receipt("a", false, 5)], 2), "differs");
  assert.equal(combined([], 0), "unproven");
  assert.equal(provenAt([receipt("a", true, 5), receipt("b", true, 7)]), 5);
  assert.equal(provenAt([]), null);
});

test("addresses", () => {
  assert.deepEqual(locate("/"), { page: "home", name: "" });
  assert.deepEqual(locate("/dashboards/operations"), { page: "dashboard", name: "operations" });
  assert.deepEqual(locate("/reports/a%20b/"), { page: "report", name: "a b" });
  assert.equal(locate("/sql").page, "sql");
  assert.equal(locate("/products").page, "products");
  assert.equal(locate("/dashboards").page, "missing");
  assert.equal(locate("/models/a/b").page, "missing");
});

test("retries wait longer and longer, but not for ever", () => {
  const waits = [0, 1, 2, 3, 4, 5, 9].map((n) => retryDelay(n, () => 0.5));
  assert.deepEqual(waits, [500, 1000, 2000, 4000, 8000, 10000, 10000]);
  assert.equal(retryDelay(0, () => 0), 375);
});

test("rates are differences over time; a count that fell is no flow", () => {
  const made = arrivals({ at: 0, rows: new Map([["a", 10], ["b", 50]]) }, { at: 2000, rows: new Map([["a", 110], ["b", 0], ["new", 5]]) });
  assert.deepEqual([...made], [["a", 50], ["b", 0]]);
});

test("what passes through a node counts each source once", () => {
  const edges: [string, string][] = [["s", "a"], ["s", "b"], ["a", "d"], ["b", "d"], ["r", "b"]];
  const made = through(["s", "r", "a", "b", "d"], edges, new Map([["s", 100], ["r", 1]]));
  assert.deepEqual([...made], [["s", 100], ["r", 1], ["a", 100], ["b", 101], ["d", 101]]);
});

const hours: Rows = {
  columns: [{ name: "hour", type: "TIMESTAMP" }, { name: "n", type: "BIGINT" }, { name: "late", type: "BIGINT" }],
  rows: [["2013-03-14T00:00:00Z", 4, 1], ["2013-03-14T01:00:00Z", 9, 2]],
};

test("a stat is the first measure of the last row; with an x, the rows are its trail", () => {
  const made = headline({ x: "hour", y: ["n", "late"] }, hours);
  assert.equal(made.value, 9);
  assert.deepEqual(made.trail.map(({ value }) => value), [4, 9]);
  assert.deepEqual(made.others.map(({ cell }) => cell), [2]);
  assert.deepEqual(change(made.trail), { by: 5, over: 1 });
  assert.deepEqual(headline({ x: null, y: [] }, hours).trail, []);
});

test("a stat without a value shows a dash, a newest time shows as one", () => {
  const column = { name: "n", type: "DOUBLE" };
  assert.deepEqual([headline({ x: null, y: [] }, { columns: [column], rows: [] }).text, headline({ x: null, y: [] }, { columns: [column], rows: [[null]] }).value], ["–", null]);
  assert.equal(headline({ x: null, y: ["hour"] }, hours).value, Date.UTC(2013, 2, 14, 1));
});

test("change looks a minute back, and memory five", () => {
  let seen: Sample[] = [];
  for (let at = 0; at <= 600_000; at += 30_000) seen = remember(seen, { at, value: at / 1000 });
  assert.deepEqual(change(seen), { by: 60, over: 60_000 });
  assert.equal(seen[0]?.at, 300_000);
  assert.equal(change(seen.slice(0, 1)), null);
});

test("a spark line spans its box; no line where there is nothing to see", () => {
  const samples = [0, 10, 20].map((at) => ({ at, value: at }));
  assert.equal(sparkline(samples, 100, 20), "0.0,20.0 50.0,10.0 100.0,0.0");
  assert.equal(sparkline(samples.slice(0, 2), 100, 20), null);
  assert.equal(sparkline(samples.map((s) => ({ ...s, value: 3 })), 100, 20), null);
});
