import assert from "node:assert/strict";
import { test } from "node:test";
import { asNumber, asTime, compact, day, decimals, duration, fixed, isLabel, measure, moment, percent, plain, shapeOf, show, unitOf } from "../src/format.ts";

// The tests run wherever node does: compare with what this locale makes of the same number.
const local = (value: number, options: Intl.NumberFormatOptions = {}): string => new Intl.NumberFormat(undefined, options).format(value);

test("types show as what they hold", () => {
  assert.equal(shapeOf("BIGINT"), "number");
  assert.equal(shapeOf("DECIMAL(9,2)"), "number");
  assert.equal(shapeOf("HUGEINT"), "number");
  assert.equal(shapeOf("TIMESTAMP WITH TIME ZONE"), "time");
  assert.equal(shapeOf("DATE"), "date");
  assert.equal(shapeOf("BOOLEAN"), "truth");
  assert.equal(shapeOf("INTEGER[]"), "text");
  assert.equal(shapeOf("STRUCT(a INTEGER)"), "text");
  assert.equal(shapeOf("INTERVAL"), "text");
});

test("a time without a zone is UTC", () => {
  assert.equal(asTime("2013-03-14 08:05:00"), Date.UTC(2013, 2, 14, 8, 5));
  assert.equal(asTime("2013-03-14T08:05:00Z"), Date.UTC(2013, 2, 14, 8, 5));
  assert.equal(asTime("2013-03-14T08:05:00+02:00"), Date.UTC(2013, 2, 14, 6, 5));
  assert.equal(asTime("2013-03-14"), Date.UTC(2013, 2, 14));
  assert.equal(asTime("infinity"), null);
  assert.equal(asTime(5), null);
});

test("numbers that came as text are numbers, and nothing else is", () => {
  assert.equal(asNumber("12.5"), 12.5);
  assert.equal(asNumber(""), null);
  assert.equal(asNumber("NaN"), null);
  assert.equal(asNumber("north"), null);
  assert.equal(asNumber(null), null);
});

test("plain keeps the digits that tell something", () => {
  assert.equal(plain(1234567), local(1234567));
  assert.equal(plain(0.80823), local(0.808));
  assert.equal(plain(0.00073), local(0.00073, { maximumFractionDigits: 5 }));
  assert.equal(plain(12.5), local(12.5, { minimumFractionDigits: 2 }));
  assert.equal(plain(4321.9), local(4322));
});

test("compact and percent are short on an axis", () => {
  assert.equal(compact(950), local(950));
  assert.equal(compact(3_400_000), local(3_400_000, { notation: "compact", maximumFractionDigits: 1 }));
  assert.equal(percent(0.8), local(0.8, { style: "percent", minimumFractionDigits: 1 }));
  assert.equal(percent(0.8, true), local(0.8, { style: "percent" }));
});

test("durations read as people say them", () => {
  assert.equal(duration(0), "0 s");
  assert.equal(duration(0.25), "250 ms");
  assert.equal(duration(59), "59 s");
  assert.equal(duration(270), "4 min 30 s");
  assert.equal(duration(3 * 3600 + 5 * 60), "3 h 05 min");
  assert.equal(duration(2 * 86400 + 4 * 3600), "2 d 4 h");
  assert.equal(duration(-90), "−1 min 30 s");
  assert.equal(measure(1.5, { format: "duration", unit: "hours" }), "1 h 30 min");
});

test("percent and duration carry their own unit", () => {
  assert.equal(unitOf({ format: "percent", unit: "of flights" }), "");
  assert.equal(unitOf({ format: null, unit: "flights" }), "flights");
});

test("a moment shows seconds only when there are some", () => {
  assert.doesNotMatch(moment("2013-03-14T08:05:00Z"), /08:05:00/);
  assert.match(moment("2013-03-14T08:05:30Z"), /08:05:30/);
  assert.match(moment("2013-03-14T08:05:00Z", "second"), /08:05:00/);
  assert.equal(moment("2013-03-14T08:05:00Z", "clock"), "08:05:00");
  assert.equal(moment(null), "–");
  assert.equal(moment("infinity"), "infinity");
  assert.match(day("2013-03-14"), /2013/);
});

test("cells by type", () => {
  assert.equal(show(null, { name: "a", type: "BIGINT" }), "–");
  assert.equal(show(true, { name: "a", type: "BOOLEAN" }), "yes");
  assert.equal(show("9007199254740993", { name: "a", type: "BIGINT" }), new Intl.NumberFormat().format(9007199254740993n));
  assert.equal(show({ a: 1 }, { name: "a", type: "STRUCT(a INTEGER)" }), '{"a":1}');
  assert.equal(show(0.5, { name: "a", type: "DOUBLE" }, { format: "percent", unit: null }), percent(0.5));
});

test("a column lines up on as many decimals as it needs", () => {
  assert.equal(decimals([1, 2.5, 3.25], 2), 2);
  assert.equal(decimals([1, 2], 2), 0);
  assert.equal(decimals([1 / 3], 2), 2);
  assert.equal(fixed(2, 1), local(2, { minimumFractionDigits: 1 }));
});

test("ids and years are names, not measures", () => {
  assert.equal(isLabel({ name: "flight_id", type: "BIGINT" }), true);
  assert.equal(isLabel({ name: "built_year", type: "INTEGER" }), true);
  assert.equal(isLabel({ name: "paid", type: "BIGINT" }), false);
});
