import assert from "node:assert/strict";
import { test } from "node:test";
import type { Fault } from "../src/contract.ts";
import { toCsv } from "../src/csv.ts";
import { parseJson } from "../src/json.ts";
import { excerpt, tokens } from "../src/sqltext.ts";

const words = (sql: string): string[] => tokens(sql).filter(({ word }) => word !== "other").map(({ word, text }) => `${word}:${text}`);

test("SQL is cut into words without losing a character", () => {
  for (const sql of ["select a.b, 'it''s' from t -- end\nwhere x >= 1.5e3", "/* open", "'open", '"open', "naïve ünïcode → €", "a\tb\n\n", "1.e", "$p ::int"]) {
    assert.equal(tokens(sql).map(({ text }) => text).join(""), sql);
  }
});

test("keywords, functions, texts, numbers and comments are told apart", () => {
  assert.deepEqual(words("SELECT count(*), 'from' FROM \"select\" -- from"), ["keyword:SELECT", "function:count", "string:'from'", "keyword:FROM", 'name:"select"', "comment:-- from"]);
  assert.deepEqual(words("limit 10"), ["keyword:limit", "number:10"]);
});

const fault = (line: number, column: number): Fault => ({ code: "HR-301", what: "", where: { line, column }, state: "", fix: "" });

test("an error's excerpt is its line, with carets under the word", () => {
  assert.deepEqual(excerpt("select a\n\tfrm t", fault(2, 2)), { line: 2, text: "\tfrm t", caret: "\t^^^" });
  assert.deepEqual(excerpt("select", fault(1, 7)), { line: 1, text: "select", caret: "      ^" });
  assert.equal(excerpt("select", fault(9, 1)), null);
  assert.equal(excerpt("select", { ...fault(1, 1), where: null }), null);
});

test("CSV quotes what needs it and nothing else", () => {
  const columns = [{ name: "a", type: "VARCHAR" }, { name: "b,c", type: "BIGINT" }];
  assert.equal(toCsv({ columns, rows: [["x", 1], ['say "hi"', null], ["two\nlines", 2], [" padded", 3]] }), 'a,"b,c"\r\nx,1\r\n"say ""hi""",\r\n"two\nlines",2\r\n" padded",3\r\n');
});

test("JSON reads as JSON", () => {
  assert.deepEqual(parseJson('{"a":[1,2.5,"1234567890123456789"]}'), { a: [1, 2.5, "1234567890123456789"] });
});

// Browsers hand the source text to a reviver; node does so from 22 on.
const exact = Number(process.versions.node.split(".")[0]) >= 22;
test("whole numbers beyond 2^53 keep every digit", { skip: !exact }, () => {
  assert.deepEqual(parseJson('{"id":7204117583204477123,"n":5,"x":1.5e300}'), { id: "7204117583204477123", n: 5, x: 1.5e300 });
});
