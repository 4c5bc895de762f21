import { svg, type SVGTemplateResult } from "lit-html";

const PATHS = {
  home: svg`<path d="M2.5 7.2 8 2.6l5.5 4.6v6.2h-3.6V9.6H6.1v3.8H2.5z"/>`,
  board: svg`<rect x="2" y="2.5" width="12" height="11" rx="1.6"/><path d="M5 10.6V8.2M8 10.6V5.4M11 10.6V7"/>`,
  page: svg`<path d="M3.5 1.8h6l3 3v9.4h-9z"/><path d="M9.3 1.9v3.2h3.1M5.8 8h4.4M5.8 10.8h4.4"/>`,
  model: svg`<ellipse cx="8" cy="3.9" rx="5.2" ry="2.1"/><path d="M2.8 3.9v8.2c0 1.2 2.3 2.1 5.2 2.1s5.2-.9 5.2-2.1V3.9M2.8 8c0 1.2 2.3 2.1 5.2 2.1s5.2-.9 5.2-2.1"/>`,
  source: svg`<path d="M8 1.8v7.4M5 6.4l3 3 3-3M2.5 10.6v3h11v-3"/>`,
  flow: svg`<circle cx="3.4" cy="4" r="1.7"/><circle cx="3.4" cy="12" r="1.7"/><circle cx="12.6" cy="8" r="1.7"/><path d="M5.1 4c3 0 2.6 4 5.8 4M5.1 12c3 0 2.6-4 5.8-4"/>`,
  sql: svg`<rect x="1.8" y="2.5" width="12.4" height="11" rx="1.6"/><path d="m4.6 6 2 2-2 2M8.4 10.4h3"/>`,
  product: svg`<path d="M8 1.8 13.6 5v6L8 14.2 2.4 11V5z"/><path d="M2.6 5.1 8 8.2l5.4-3.1M8 8.2v5.8"/>`,
  menu: svg`<path d="M2.5 4.5h11M2.5 8h11M2.5 11.5h11"/>`,
  close: svg`<path d="m3.8 3.8 8.4 8.4M12.2 3.8l-8.4 8.4"/>`,
  light: svg`<circle cx="8" cy="8" r="2.9"/><path d="M8 1.4v1.5M8 13.1v1.5M1.4 8h1.5M13.1 8h1.5M3.3 3.3l1.1 1.1M11.6 11.6l1.1 1.1M3.3 12.7l1.1-1.1M11.6 4.4l1.1-1.1"/>`,
  dark: svg`<path d="M13.4 9.6A5.7 5.7 0 0 1 6.4 2.6a5.7 5.7 0 1 0 7 7z"/>`,
  system: svg`<rect x="1.8" y="2.6" width="12.4" height="8.4" rx="1.4"/><path d="M5.6 13.6h4.8"/>`,
  equal: svg`<path d="m3.4 8.4 3 3 6.2-6.8"/>`,
  differs: svg`<path d="M3.4 6h9.2M3.4 10h9.2M10.4 3 5.6 13"/>`,
  unproven: svg`<circle cx="8" cy="8" r="4.6" stroke-dasharray="2.4 2.4"/>`,
  table: svg`<rect x="2" y="2.8" width="12" height="10.4" rx="1.4"/><path d="M2 6.3h12M2 9.7h12M6.6 6.3v6.9"/>`,
  chart: svg`<path d="M2.4 2.4v11.2h11.2M4.8 10.4l2.8-3.6 2.4 2 3.2-4.4"/>`,
  download: svg`<path d="M8 2.2v7.2M5.2 6.8 8 9.6l2.8-2.8M2.8 12.8h10.4"/>`,
  print: svg`<path d="M4.4 5.8V2.2h7.2v3.6M4.4 11.4H2.2V5.8h11.6v5.6h-2.2"/><path d="M4.4 9.4h7.2v4.4H4.4z"/>`,
  run: svg`<path d="M4.6 2.8v10.4l8-5.2z"/>`,
  up: svg`<path d="M8 13V3.4M3.8 7.4 8 3.2l4.2 4.2"/>`,
  down: svg`<path d="M8 3v9.6M3.8 8.6 8 12.8l4.2-4.2"/>`,
  alert: svg`<path d="M8 2.2 14.4 13.4H1.6z"/><path d="M8 6.4v3.2M8 11.4v.2"/>`,
  next: svg`<path d="m6 3.6 4.4 4.4L6 12.4"/>`,
} as const;

export type Icon = keyof typeof PATHS;

/** A 16-pixel line icon in the colour of the text; always beside words, so hidden from screen readers. */
export function icon(name: Icon): SVGTemplateResult {
  return svg`<svg class="icon" viewBox="0 0 16 16" aria-hidden="true">${PATHS[name]}</svg>`;
}
