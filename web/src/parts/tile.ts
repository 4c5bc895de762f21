import { html, nothing, type TemplateResult } from "lit-html";
import { describe } from "../chart/option.ts";
import type { Tile, TileData } from "../contract.ts";
import { moment, plain, unitOf } from "../format.ts";
import { icon } from "./icons.ts";
import { loading } from "./notices.ts";
import { dataTable } from "./table.ts";

export interface TileState {
  data: TileData | null;
  error: string | null;
  /** A chart shown as its table. */
  asTable: boolean;
}

export const UNTOLD: TileState = { data: null, error: null, asTable: false };

export function tileCard(tile: Tile, state: TileState, flip: () => void): TemplateResult {
  const { data, error } = state;
  const unit = tile.kind === "stat" || tile.kind === "table" ? "" : unitOf(tile);
  const heading = `tile-${tile.id}`;
  return html`<section class="tile kind-${tile.kind} ${data?.stale ? "stale" : ""}" style=${size(tile)} aria-labelledby=${heading}>
    <header>
      <h2 id=${heading} title=${tile.description || nothing}>${tile.title}</h2>
      ${unit ? html`<span class="unit">${unit}</span>` : nothing}
      ${data ? html`<parity-badge .spec=${{ verdict: data.parity, relations: tile.relations }}></parity-badge>` : nothing}
    </header>
    <div class="tile-body">${body(tile, state)}</div>
    <footer>${standing(data)}${flipButton(tile, state, flip)}${error && data ? html`<span class="bad">${error}</span>` : nothing}</footer>
  </section>`;
}

/** Grid columns and rows, read by style/tiles.css. */
function size(tile: Tile): string {
  const width = Math.min(12, Math.max(1, Math.round(tile.width || 4)));
  const height = Math.max(1, Math.round(tile.height || (tile.kind === "stat" ? 2 : 4)));
  return `--w:${width};--h:${height}`;
}

function body(tile: Tile, { data, error, asTable }: TileState): TemplateResult {
  if (!data) return error ? html`<p class="tile-error" role="alert">${icon("alert")} ${error}</p>` : loading(tile.title);
  if (tile.kind === "stat") return html`<head-stat .spec=${{ display: tile, data }}></head-stat>`;
  if (tile.kind === "table" || asTable) {
    const look = { caption: tile.title, style: tile, y: tile.y };
    return html`<div class="scroll" tabindex="0" role="region" aria-label="${tile.title}, table">${dataTable(data, look)}</div>`;
  }
  if (data.rows.length === 0) return html`<p class="no-rows">No rows yet.</p>`;
  return html`<head-chart role="img" aria-label=${describe(tile, data)} .spec=${{ display: tile, data, completeTo: data.complete_to }}></head-chart>`;
}

function standing(data: TileData | null): TemplateResult | typeof nothing {
  if (!data) return nothing;
  const told = `Last changed at epoch ${plain(data.epoch)}; as of ${moment(data.as_of, "second")} UTC. What is shaded or pale is not complete yet`;
  return html`<span class="standing" title=${told}>
    <span>as of ${moment(data.as_of, "clock")}</span>
    ${data.complete_to ? html`<span>complete to ${short(data.complete_to, data.as_of)}</span>` : nothing}
  </span>`;
}

/** Without the day when it is the same day as the other time. */
function short(time: string, beside: string | null): string {
  return beside !== null && time.slice(0, 10) === beside.slice(0, 10) ? moment(time, "clock") : moment(time);
}

function flipButton(tile: Tile, { data, asTable }: TileState, flip: () => void): TemplateResult | typeof nothing {
  if (!data || tile.kind === "stat" || tile.kind === "table") return nothing;
  const text = asTable ? "Show as chart" : "Show as table";
  return html`<button type="button" class="icon-button small" title=${text} aria-label="${text}: ${tile.title}" aria-pressed=${asTable} @click=${flip}>
    ${icon(asTable ? "chart" : "table")}
  </button>`;
}
