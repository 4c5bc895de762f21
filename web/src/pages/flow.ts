import { html, nothing, type TemplateResult } from "lit-html";
import "../parts/badge.ts";
import "../parts/flow-diagram.ts";
import { asFault, get } from "../api.ts";
import { followStatus, type App, type OpenPage, type Page } from "../app.ts";
import type { Fault, Lineage, LineageNode, Status } from "../contract.ts";
import { moment, NONE, plain } from "../format.ts";
import { layered, type Drawing, type Sizes } from "../layout.ts";
import { ICONS, sizes, type FlowSpec } from "../parts/flow-diagram.ts";
import { icon } from "../parts/icons.ts";
import { empty, faultCard, loading } from "../parts/notices.ts";
import { arrivals, through, type Count } from "../rates.ts";
import { combined, receipts } from "../receipts.ts";

export const open: OpenPage = (app, _name, search) => new FlowPage(app, search.get("node"));

class FlowPage implements Page {
  #lineage: Lineage | null = null;
  #drawing: Drawing | null = null;
  #sizes: Sizes = sizes([], 1, 0);
  #resized = (): void => this.#arrange();
  #fault: Fault | null = null;
  #status: Status | null = null;
  #before: Count | null = null;
  #sources = new Map<string, number>();
  #leave: () => void;
  #abort = new AbortController();

  constructor(
    private readonly app: App,
    private selected: string | null,
  ) {
    this.#leave = followStatus(app, (status) => this.#heard(status));
    addEventListener("resize", this.#resized);
    void this.#load();
  }

  async #load(): Promise<void> {
    try {
      const lineage = await get<Lineage>("/v1/lineage", this.#abort.signal);
      this.#lineage = lineage;
      this.#arrange();
    } catch (problem) {
      if (this.#abort.signal.aborted || this.app.failed(problem)) return;
      this.#fault = asFault(problem);
    }
    this.app.redraw();
  }

  /** Layers first, which do not depend on sizes; then as wide as the window allows. */
  #arrange(): void {
    if (!this.#lineage) return;
    const { nodes, edges } = this.#lineage;
    const ids = nodes.map(({ id }) => id);
    const ends = new Set(nodes.filter(({ kind }) => kind === "dashboard" || kind === "report").map(({ id }) => id));
    const layers = 1 + Math.max(0, ...[...layered(ids, edges, ends, this.#sizes).boxes.values()].map(({ layer }) => layer));
    const available = (document.getElementById("main")?.clientWidth ?? innerWidth) - 64;
    this.#sizes = sizes(nodes.map(({ label, id }) => label || id), layers, available);
    this.#drawing = layered(ids, edges, ends, this.#sizes);
    this.app.redraw();
  }

  #heard(status: Status): void {
    const now = { at: performance.now(), rows: new Map(status.sources.map(({ name, read }) => [name, read])) };
    if (this.#before && now.at > this.#before.at) this.#sources = arrivals(this.#before, now);
    this.#before = now;
    this.#status = status;
    this.app.redraw();
  }

  title(): string {
    return "Flow";
  }

  view(): TemplateResult {
    if (this.#fault) return faultCard(this.#fault);
    if (!this.#lineage || !this.#drawing) return loading("the flow");
    if (this.#lineage.nodes.length === 0) return empty("Nothing flows yet", html`Add a source in <code>sources/NAME.yaml</code> and a model that reads it.`);
    const spec = this.#spec(this.#lineage, this.#drawing);
    const picked = this.selected === null ? null : (spec.nodes.get(this.selected) ?? null);
    return html`<div class="lede"><p>From sources through models to dashboards and reports. Wires move as rows arrive; choose a box for its details.</p></div>
      <div class="flow">
        <div class="panel flow-scroll" tabindex="0" role="region" aria-label="Data flow diagram"><head-flow .spec=${spec}></head-flow></div>
        ${picked ? this.#detail(picked, spec) : nothing}
      </div>`;
  }

  #spec({ nodes, edges }: Lineage, drawing: Drawing): FlowSpec {
    const parity = nodes.map((node): LineageNode => (node.kind === "model" ? { ...node, parity: combined(receipts.of([nameOf(node)]), 1) } : node));
    const given = new Map(nodes.flatMap(({ id, rows_per_second: rate }) => (typeof rate === "number" && !this.#before ? [[id, rate] as const] : [])));
    const counted = new Map(nodes.flatMap((node) => (this.#sources.has(nameOf(node)) ? [[node.id, this.#sources.get(nameOf(node)) as number] as const] : [])));
    return {
      drawing,
      box: this.#sizes.box,
      edges,
      nodes: new Map(parity.map((node) => [node.id, node])),
      rates: through(nodes.map(({ id }) => id), edges, new Map([...given, ...counted])),
      rows: this.#rows(nodes),
      selected: this.selected,
      select: (id) => this.#select(id),
    };
  }

  #rows(nodes: LineageNode[]): Map<string, number> {
    const held = new Map<string, number>([
      ...(this.#status?.sources.map(({ name, kept }) => [name, kept] as const) ?? []),
      ...(this.#status?.models.map(({ name, rows }) => [name, rows] as const) ?? []),
    ]);
    return new Map(nodes.flatMap((node) => {
      const rows = held.get(nameOf(node)) ?? node.rows;
      return typeof rows === "number" ? [[node.id, rows] as const] : [];
    }));
  }

  #select(id: string | null): void {
    this.selected = id;
    this.app.readdress(new URLSearchParams(id === null ? {} : { node: id }));
    this.app.redraw();
  }

  #detail(node: LineageNode, spec: FlowSpec): TemplateResult {
    const reads = spec.edges.filter(([, to]) => to === node.id).map(([from]) => from);
    const feeds = spec.edges.filter(([from]) => from === node.id).map(([, to]) => to);
    const links = (ids: string[]): TemplateResult =>
      html`<ul class="chips">${ids.map((id) => html`<li><button type="button" @click=${() => this.#select(id)}>${spec.nodes.get(id)?.label ?? id}</button></li>`)}</ul>`;
    return html`<aside class="panel detail" aria-label="Details of ${node.label}">
      <div>
        <h2>${icon(ICONS[node.kind])} ${node.label || node.id}</h2>
        ${this.#about(node)}
      </div>
      <div>
        <dl class="facts">${this.#facts(node, spec)}</dl>
        <div class="detail-links">
          ${node.kind === "source" ? nothing : html`<a class="button" href="/${node.kind}s/${nameOf(node)}">Open ${node.kind}</a>`}
          ${node.kind === "model" ? html`<parity-badge .spec=${{ verdict: node.parity ?? "unproven", relations: [nameOf(node)] }}></parity-badge>` : nothing}
        </div>
      </div>
      <div>
        ${reads.length ? html`<h3>Reads</h3>${links(reads)}` : nothing} ${feeds.length ? html`<h3>Feeds</h3>${links(feeds)}` : nothing}
      </div>
      <button type="button" class="icon-button" aria-label="Close details" @click=${() => this.#select(null)}>${icon("close")}</button>
    </aside>`;
  }

  #about(node: LineageNode): TemplateResult | typeof nothing {
    const { sources, models, dashboards } = this.app.project;
    const found = [...sources, ...models, ...dashboards].find(({ name }) => name === nameOf(node));
    return found?.description ? html`<p>${found.description}</p>` : nothing;
  }

  #facts(node: LineageNode, spec: FlowSpec): TemplateResult[] {
    const source = this.#status?.sources.find(({ name }) => name === nameOf(node));
    const model = this.#status?.models.find(({ name }) => name === nameOf(node));
    const rate = spec.rates.get(node.id);
    const rows = spec.rows.get(node.id);
    const facts: [string, string][] = [["Kind", node.kind]];
    if (rows !== undefined) facts.push(["Rows", plain(rows)]);
    if (rate !== undefined) facts.push([node.kind === "source" ? "Rows/s" : "Rows/s upstream", plain(Math.round(rate))]);
    if (source && node.kind === "source") {
      facts.push(["Rejected", plain(source.rejected)], ["Late", plain(source.late)], ["Lag", plain(source.lag_rows)]);
      facts.push(["Watermark", moment(source.watermark)]);
    }
    if (model && node.kind === "model") facts.push(["Complete to", model.complete_to ? moment(model.complete_to) : NONE]);
    return facts.map(([name, value]) => html`<div><dt>${name}</dt><dd>${value}</dd></div>`);
  }

  close(): void {
    this.#abort.abort();
    this.#leave();
    removeEventListener("resize", this.#resized);
  }
}

/** Ids may carry their kind (`model:delays`), for a dashboard can be named as a model is. */
function nameOf(node: LineageNode): string {
  return node.id.slice(node.id.indexOf(":") + 1);
}
