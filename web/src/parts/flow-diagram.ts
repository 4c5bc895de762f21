import { html, nothing, render, svg, type SVGTemplateResult, type TemplateResult } from "lit-html";
import type { LineageNode } from "../contract.ts";
import { compact, plain } from "../format.ts";
import { related, wirePath, type Box, type Drawing, type Sizes, type Wire } from "../layout.ts";
import { calm } from "../theme.ts";
import { icon, type Icon } from "./icons.ts";

const MARGIN = 14;
const WIDEST = 208;
const NARROWEST = 150;

/**
 * Boxes as wide as the longest name needs, but all layers within the available width as long as names stay readable.
 * Where they cannot be, the reader scrolls anyway: then names are not cut for a width that is not kept.
 */
export function sizes(labels: readonly string[], layers: number, available: number): Sizes {
  const longest = Math.max(0, ...labels.map((label) => label.length));
  const wanted = Math.min(WIDEST, Math.max(NARROWEST, Math.round(longest * 6.8 + 46)));
  const room = available - 2 * MARGIN;
  const gap = layers * wanted + (layers - 1) * 60 <= room ? 60 : 46;
  const fitting = Math.floor((room - (layers - 1) * gap) / Math.max(1, layers));
  return { box: { width: fitting < NARROWEST ? wanted : Math.min(wanted, fitting), height: 54 }, gap: { x: gap, y: 16 } };
}

/** Pixels a second that the dashes of a wire travel per tenfold of rows a second. */
const PACE = 26;

export interface FlowSpec {
  drawing: Drawing;
  box: Sizes["box"];
  nodes: Map<string, LineageNode>;
  edges: [string, string][];
  /** Rows a second through each node. */
  rates: Map<string, number>;
  /** Rows held by each node. */
  rows: Map<string, number>;
  selected: string | null;
  select(id: string | null): void;
}

/** `<head-flow .spec=${…}>`: the project's graph; wires move as fast as rows do. */
export class HeadFlow extends HTMLElement {
  #spec: FlowSpec | null = null;
  #hover: string | null = null;
  #running = new Map<Element, Animation>();

  set spec(spec: FlowSpec) {
    this.#spec = spec;
    this.#draw();
  }

  disconnectedCallback(): void {
    for (const animation of this.#running.values()) animation.cancel();
    this.#running.clear();
  }

  #draw(): void {
    const spec = this.#spec;
    if (!spec) return;
    const { drawing } = spec;
    const focus = this.#hover ?? spec.selected;
    const lit = focus === null ? null : related(focus, spec.edges);
    const width = drawing.width + 2 * MARGIN;
    const height = drawing.height + 2 * MARGIN;
    render(
      html`<div class="flow-canvas ${lit ? "focused" : ""}" style="width:${width}px;height:${height}px">
        <svg width=${width} height=${height} viewBox="${-MARGIN} ${-MARGIN} ${width} ${height}" aria-hidden="true">
          ${drawing.wires.map((wire) => this.#wire(wire, spec, lit))}
        </svg>
        <ul aria-label="Data flow, from sources to dashboards">${[...drawing.boxes.values()].map((box) => this.#box(box, spec, lit))}</ul>
      </div>`,
      this,
    );
    this.#animate(spec);
  }

  #wire({ from, to, points }: Wire, spec: FlowSpec, lit: Set<string> | null): SVGTemplateResult {
    const rate = spec.rates.get(from) ?? 0;
    const state = lit ? (lit.has(from) && lit.has(to) ? "lit" : "dim") : "";
    const path = wirePath(points);
    const width = 1.25 + Math.min(2.5, Math.log10(1 + rate) * 0.6);
    return svg`<g class="wire ${state}" data-from=${from}>
      <path class="bed" d=${path} style="stroke-width:${width.toFixed(2)}"/>
      ${rate > 0 ? svg`<path class="water" d=${path} style="stroke-width:${width.toFixed(2)}"/>` : nothing}
    </g>`;
  }

  #box({ id, x, y }: Box, spec: FlowSpec, lit: Set<string> | null): TemplateResult {
    const node = spec.nodes.get(id);
    if (!node) return html``;
    const rate = spec.rates.get(id) ?? 0;
    const state = lit ? (lit.has(id) ? "lit" : "dim") : "";
    const place = `left:${x + MARGIN}px;top:${y + MARGIN}px;width:${spec.box.width}px;height:${spec.box.height}px`;
    return html`<li style=${place}>
      <button
        type="button"
        class="node ${node.kind} ${state}"
        aria-pressed=${spec.selected === id}
        @click=${() => spec.select(spec.selected === id ? null : id)}
        @pointerenter=${() => this.#point(id)}
        @pointerleave=${() => this.#point(null)}
      >
        <span class="node-head">${node.kind === "model" ? nothing : icon(ICONS[node.kind])}<b title=${node.label || id}>${node.label || id}</b>${verdict(node)}</span>
        <span class="node-sub"><span>${said(node, spec.rows.get(id))}</span>${rate >= 0.5 && (node.kind === "source" || node.kind === "model") ? html`<span class="rate">${compact(Math.round(rate))}/s</span>` : nothing}</span>
      </button>
    </li>`;
  }

  #point(id: string | null): void {
    this.#hover = id;
    this.#draw();
  }

  /** One endless animation per wire; only its rate changes, so that nothing jumps when the flow does. */
  #animate(spec: FlowSpec): void {
    const still = calm();
    const present = new Set<Element>();
    for (const water of this.querySelectorAll(".water")) {
      present.add(water);
      const rate = spec.rates.get((water.parentElement as Element).getAttribute("data-from") ?? "") ?? 0;
      let animation = this.#running.get(water);
      if (!animation && !still) {
        animation = water.animate([{ strokeDashoffset: "120" }, { strokeDashoffset: "0" }], { duration: 1000, iterations: Infinity });
        this.#running.set(water, animation);
      }
      animation?.updatePlaybackRate((PACE * Math.log10(1 + rate)) / 120);
    }
    for (const [water, animation] of this.#running) {
      if (present.has(water)) continue;
      animation.cancel();
      this.#running.delete(water);
    }
  }
}

export const ICONS: Record<LineageNode["kind"], Icon> = { source: "source", model: "model", dashboard: "board", report: "page" };

function verdict(node: LineageNode): TemplateResult | typeof nothing {
  if (node.kind !== "model") return nothing;
  const found = node.parity ?? "unproven";
  const text = { equal: "proven", differs: "differs", unproven: "not yet proven" }[found];
  return html`<span class="verdict ${found}" title=${text}>${icon(found)}<span class="visually-hidden">${text}</span></span>`;
}

function said(node: LineageNode, rows: number | undefined): string {
  if (node.kind === "dashboard" || node.kind === "report") return node.kind;
  return rows === undefined ? node.kind : `${rows < 1e6 ? plain(rows) : compact(rows)} ${rows === 1 ? "row" : "rows"}`;
}

if (!customElements.get("head-flow")) customElements.define("head-flow", HeadFlow);
