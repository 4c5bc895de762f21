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
  /** Text on the far half of the scale. */
  onScale: string;
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
    onScale: "#ffffff",
  },
  dark: {
    surface: "#121c22",
    raised: "#1b2830",
    ink: "#e6eef1",
    muted: "#96a9b2",
    line: "#22313a",
    series: ["#43b4d6", "#f87f1c", "#7b86ff", "#91cb9c", "#d8404c", "#d4e8f2", "#f0d040", "#3e77a2"],
    scale: ["#17272f", "#1d4554", "#22687f", "#2d90ac", "#5cbcd5", "#b3e9f5"],
    onScale: "#06222c",
  },
};
