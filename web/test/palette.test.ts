import assert from "node:assert/strict";
import { test } from "node:test";
import { readFileSync } from "node:fs";
import { contrast, onScale, PALETTES, textIn, textOn, type Mode, type Palette } from "../src/palette.ts";

type Rgb = [number, number, number];
const linear = (hex: string): Rgb =>
  [1, 3, 5].map((at) => {
    const c = Number.parseInt(hex.slice(at, at + 2), 16) / 255;
    return c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4;
  }) as Rgb;
const times = (m: number[][], v: Rgb): Rgb => m.map((row) => Math.max(0, row.reduce((sum, k, i) => sum + k * (v[i] as number), 0))) as Rgb;
/** Machado, Oliveira and Fernandes 2009, full severity. */
const EYES: Record<string, number[][]> = {
  all: [[1, 0, 0], [0, 1, 0], [0, 0, 1]],
  protan: [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]],
  deutan: [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.01182, 0.04294, 0.968881]],
};
/** Oklab: equal distances look equally different. */
function oklab(rgb: Rgb): Rgb {
  const lms = times([[0.4122214708, 0.5363325363, 0.0514459929], [0.2119034982, 0.6806995451, 0.1073969566], [0.0883024619, 0.2817188376, 0.6299787005]], rgb).map(Math.cbrt) as Rgb;
  return [[0.2104542553, 0.793617785, -0.0040720468], [1.9779984951, -2.428592205, 0.4505937099], [0.0259040371, 0.7827717662, -0.808675766]].map((row) =>
    row.reduce((sum, k, i) => sum + k * (lms[i] as number), 0),
  ) as Rgb;
}

for (const [mode, palette] of Object.entries(PALETTES) as [Mode, Palette][]) {
  test(`${mode}: every series stands out from the surface, 3:1 or better`, () => {
    for (const colour of palette.series) assert.ok(contrast(colour, palette.surface) >= 3, `${colour} ${contrast(colour, palette.surface)}`);
  });

  test(`${mode}: text reads, 4.5:1 or better`, () => {
    for (const text of [palette.ink, palette.muted]) {
      assert.ok(contrast(text, palette.surface) >= 4.5);
      assert.ok(contrast(text, palette.raised) >= 4.5);
    }
  });

  test(`${mode}: names of series and numbers on the scale read, 4.5:1 or better`, () => {
    for (const colour of palette.series) assert.ok(contrast(textIn(colour, palette), palette.surface) >= 4.5, colour);
    for (let share = 0; share <= 1; share += 0.01) {
      const ground = onScale(palette.scale, share);
      assert.ok(contrast(textOn(ground), ground) >= 4.5, ground);
    }
  });

  for (const [eye, matrix] of Object.entries(EYES)) {
    test(`${mode}, ${eye}: no two series look alike`, () => {
      const seen = palette.series.map((colour) => oklab(times(matrix, linear(colour))));
      seen.forEach((a, i) => seen.slice(i + 1).forEach((b, j) => assert.ok(Math.hypot(a[0] - b[0], a[1] - b[1], a[2] - b[2]) > 0.09, `${palette.series[i]} ${palette.series[i + 1 + j]}`)));
    });
  }

  test(`${mode}: the scale only gets stronger`, () => {
    const away = palette.scale.map((colour) => contrast(colour, palette.surface));
    assert.deepEqual(away, [...away].sort((a, b) => a - b));
  });
}

test("the scale goes through its colours, and not beyond them", () => {
  const scale = ["#000000", "#00ff00", "#ffffff"];
  assert.deepEqual([-1, 0, 0.25, 0.5, 0.75, 1, 2].map((share) => onScale(scale, share)), ["#000000", "#000000", "#008000", "#00ff00", "#80ff80", "#ffffff", "#ffffff"]);
});

test("a colour that reads well already stays as it is", () => {
  assert.equal(textIn("#0b6b88", PALETTES.light), "#0b6b88");
  assert.ok(Math.abs(contrast("#000000", "#ffffff") - 21) < 1e-9);
});

test("the style sheet's pairs of text and ground read in both themes, 4.5:1 or better", () => {
  const css = readFileSync("src/style/tokens.css", "utf8");
  const token = (name: string, mode: Mode): string => {
    const found = new RegExp(`--${name}: light-dark\\((#\\w+), (#\\w+)\\)`).exec(css);
    assert.ok(found, name);
    return found[mode === "light" ? 1 : 2] as string;
  };
  const pairs = ["ink", "muted", "accent", "good", "bad", "warn", "sql-keyword", "sql-function", "sql-string", "sql-number"].map((text) => [text, "surface"]);
  pairs.push(["ink", "bg"], ["muted", "bg"], ["muted", "sunken"], ["accent", "accent-soft"], ["good", "good-soft"], ["bad", "bad-soft"], ["warn", "warn-soft"], ["on-accent", "accent"]);
  for (const mode of ["light", "dark"] as const) {
    for (const [text, ground] of pairs as [string, string][]) {
      const ratio = contrast(token(text, mode), token(ground, mode));
      assert.ok(ratio >= 4.5, `${mode}: ${text} on ${ground} is ${ratio.toFixed(2)}`);
    }
  }
});
