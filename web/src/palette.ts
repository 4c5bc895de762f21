export type Mode = "light" | "dark";

/** Colours that a canvas needs: everything else is styled by style/tokens.css, which holds the same surfaces. */
export interface Palette {
  surface: string;
  raised: string;
  ink: string;
  muted: string;
  line: string;
  /** For series, in order. Apart from each other for colour-blind eyes too, and 3:1 against the surface (test/palette). */
  series: readonly string[];
  /** From little to much. */
  scale: readonly string[];
}

export const PALETTES: Record<Mode, Palette> = {
  light: {
    surface: "#ffffff",
    raised: "#ffffff",
    ink: "#13242d",
    muted: "#52666f",
    line: "#e3eaec",
    series: ["#0b6b88", "#db7213", "#6066de", "#20a07b", "#86000d", "#344852", "#b84412", "#063c98"],
    scale: ["#eaf4f6", "#b5dbe2", "#6fb6c6", "#2b88a3", "#0b5f7c", "#073f5a"],
  },
  dark: {
    surface: "#121c22",
    raised: "#1b2830",
    ink: "#e6eef1",
    muted: "#96a9b2",
    line: "#22313a",
    series: ["#43b4d6", "#f87f1c", "#7b86ff", "#91cb9c", "#d8404c", "#d4e8f2", "#f0d040", "#3e77a2"],
    scale: ["#17272f", "#1d4554", "#22687f", "#2d90ac", "#5cbcd5", "#b3e9f5"],
  },
};

type Rgb = readonly [number, number, number];

/** What text needs against its ground to be read: WCAG 2.2, level AA. */
const READABLE = 4.5;

/** WCAG 2.2, contrast ratio of two colours like `#13242d`. */
export function contrast(a: string, b: string): number {
  const [high, low] = [luminance(rgb(a)), luminance(rgb(b))].sort((x, y) => y - x) as [number, number];
  return (high + 0.05) / (low + 0.05);
}

/** Black or white, whichever reads better: on any colour one of them does. */
export function textOn(colour: string): string {
  return contrast("#000000", colour) >= contrast("#ffffff", colour) ? "#000000" : "#ffffff";
}

/** A series' colour for its name: lines may be fainter than text may. Moves towards the ink as far as it takes. */
export function textIn(colour: string, { ink, surface }: Palette): string {
  for (let share = 0; share < 1; share += 0.1) {
    const mixed = mix(colour, ink, share);
    if (contrast(mixed, surface) >= READABLE) return mixed;
  }
  return ink;
}

/** The colour of the scale at a share of it, from 0 to 1. */
export function onScale(scale: readonly string[], share: number): string {
  const at = Math.max(0, Math.min(1, share)) * (scale.length - 1);
  const from = Math.floor(at);
  return mix(scale[from] as string, scale[Math.min(from + 1, scale.length - 1)] as string, at - from);
}

function mix(a: string, b: string, share: number): string {
  const other = rgb(b);
  return `#${rgb(a).map((v, i) => Math.round(v + ((other[i] as number) - v) * share).toString(16).padStart(2, "0")).join("")}`;
}

function rgb(hex: string): Rgb {
  return [1, 3, 5].map((at) => Number.parseInt(hex.slice(at, at + 2), 16)) as unknown as Rgb;
}

function luminance(colour: Rgb): number {
  const [r, g, b] = colour.map((v) => (v / 255 <= 0.04045 ? v / 255 / 12.92 : ((v / 255 + 0.055) / 1.055) ** 2.4)) as unknown as Rgb;
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
}
