import assert from "node:assert/strict";
import { test } from "node:test";
import { apart, crossings, layered, related, wirePath, type Drawing } from "../src/layout.ts";

const SIZES = { box: { width: 100, height: 40 }, gap: { x: 50, y: 10 } };
const draw = (ids: string[], edges: [string, string][], last: string[] = []): Drawing => layered(ids, edges, new Set(last), SIZES);

test("layers follow the longest way, dashboards come last", () => {
  const { boxes } = draw(["s", "m", "n", "d", "e"], [["s", "m"], ["m", "n"], ["s", "n"], ["s", "d"], ["n", "e"]], ["d", "e"]);
  const layer = (id: string): number | undefined => boxes.get(id)?.layer;
  assert.deepEqual(["s", "m", "n", "d", "e"].map(layer), [0, 1, 2, 3, 3]);
});

test("boxes of a layer never overlap, whatever they are pulled to", () => {
  const ids = ["s", ...Array.from({ length: 9 }, (_, i) => `m${i}`), "d"];
  const edges = ids.slice(1, -1).flatMap((m): [string, string][] => [["s", m], [m, "d"]]);
  const { boxes, height } = draw(ids, edges, ["d"]);
  const ys = ids.slice(1, -1).map((id) => boxes.get(id)?.y as number).sort((a, b) => a - b);
  for (let i = 1; i < ys.length; i++) assert.ok((ys[i] as number) - (ys[i - 1] as number) >= 50 - 1e-6);
  assert.ok(height >= 9 * 50 - 10);
  assert.ok([...boxes.values()].every(({ y }) => y >= -1e-6 && y + 40 <= height + 1e-6));
});

test("ordering undoes a crossing", () => {
  const { boxes } = draw(["a", "b", "x", "y"], [["a", "y"], ["b", "x"]]);
  const y = (id: string): number => boxes.get(id)?.y as number;
  assert.equal(y("a") < y("b"), y("y") < y("x"));
});

test("a wire over several layers keeps clear of the boxes between", () => {
  const { boxes, wires } = draw(["s", "m", "d"], [["s", "m"], ["m", "d"], ["s", "d"]], ["d"]);
  const long = wires.find(({ from, to }) => from === "s" && to === "d");
  assert.equal(long?.points.length, 4);
  const passage = long?.points[1]?.[1] as number;
  const middle = boxes.get("m")?.y as number;
  assert.ok(passage < middle || passage > middle + 40);
});

test("cycles, unknown ends and self loops do not break the drawing", () => {
  const { boxes, wires } = draw(["a", "b"], [["a", "b"], ["b", "a"], ["a", "a"], ["a", "gone"]]);
  assert.equal(boxes.size, 2);
  assert.equal(wires.length, 1);
});

test("nothing to draw", () => assert.deepEqual([draw([], []).width, draw([], []).boxes.size], [0, 0]));

test("apart keeps distances and moves as little as it can", () => {
  assert.deepEqual(apart([0, 0, 0], [10, 10]), [-10, 0, 10]);
  assert.deepEqual(apart([0, 100], [10]), [0, 100]);
});

test("crossings are counted", () => {
  const [x, y] = [{ after: [] }, { after: [] }];
  assert.equal(crossings([[{ after: [y] }, { after: [x] }], [x, y]]), 1);
  assert.equal(crossings([[{ after: [x] }, { after: [y] }], [x, y]]), 0);
});

test("wires curve across gaps and run level along passages", () => {
  assert.equal(wirePath([[0, 0], [50, 10], [150, 10], [200, 0]]), "M0,0.0C25,0.0 25,10.0 50,10.0L150,10.0C175,10.0 175,0.0 200,0.0");
});

test("related is everything up and down, not sideways", () => {
  const edges: [string, string][] = [["s", "a"], ["s", "b"], ["a", "d"], ["b", "e"]];
  assert.deepEqual([...related("a", edges)].sort(), ["a", "d", "s"]);
});
