import { html, nothing, type TemplateResult } from "lit-html";
import "../parts/badge.ts";
import { asFault, get } from "../api.ts";
import { followStatus, type App, type OpenPage, type Page } from "../app.ts";
import type { Fault, Kept, Product, Products } from "../contract.ts";
import { duration, moment, NONE, plain } from "../format.ts";
import { icon } from "../parts/icons.ts";
import { empty, faultCard, loading } from "../parts/notices.ts";
import { combined, receipts } from "../receipts.ts";

export const open: OpenPage = (app) => new ProductsPage(app);

/** The node holds contracts against the rows at this pace, so asking more often tells nothing new. */
const REFRESH = 3000;

class ProductsPage implements Page {
  #products: Product[] | null = null;
  #fault: Fault | null = null;
  #asked = 0;
  #leave: () => void;
  #abort = new AbortController();

  constructor(private readonly app: App) {
    this.#leave = followStatus(app, () => {
      if (performance.now() - this.#asked > REFRESH) void this.#load();
    });
    void this.#load();
  }

  async #load(): Promise<void> {
    this.#asked = performance.now();
    try {
      this.#products = (await get<Products>("/v1/products", this.#abort.signal)).products;
      this.#fault = null;
    } catch (problem) {
      if (this.#abort.signal.aborted || this.app.failed(problem)) return;
      this.#fault = asFault(problem);
    }
    this.app.redraw();
  }

  title(): string {
    return "Products";
  }

  view(): TemplateResult {
    if (this.#fault) return faultCard(this.#fault);
    if (!this.#products) return loading("the products");
    if (this.#products.length === 0) return empty("No products yet", html`A domain publishes a model in <code>domains/NAME/products/MODEL.yaml</code>.`);
    const domains = [...new Set(this.#products.map(({ domain }) => domain))];
    const broken = this.#products.filter(({ ok }) => !ok).length;
    return html`<p class="lead">${plain(this.#products.length)} products of ${plain(domains.length)} domains.
        ${broken ? html`<b class="bad">${plain(broken)} ${broken === 1 ? "breaks" : "break"} a promise.</b>` : "No promise is broken."}</p>
      ${domains.map((domain) => this.#domain(domain))}`;
  }

  #domain(name: string): TemplateResult {
    const found = this.#products?.filter(({ domain }) => domain === name) ?? [];
    const first = found[0];
    return html`<section class="block"><h2>${name}</h2>
      <p class="muted owner">${first?.owner}${first?.contact ? html` · ${first.contact}` : nothing}</p>
      <ul class="products">${found.map((one) => html`<li>${card(one)}</li>`)}</ul>
    </section>`;
  }

  close(): void {
    this.#leave();
    this.#abort.abort();
  }
}

function card(one: Product): TemplateResult {
  const verdict = combined(receipts.of([one.name]), 1);
  return html`<article class="product ${one.ok ? "" : "broken"}">
    <header><h3><a href="/models/${one.name}">${one.name}</a></h3><span class="version">${one.version}</span>
      <parity-badge .spec=${{ verdict, relations: [one.name] }}></parity-badge></header>
    <p>${one.description}</p>
    <dl class="promises">
      ${promise("Freshness", one.freshness, `${one.behind === null ? NONE : duration(one.behind)} of ${duration(one.freshness_promised)}`, share(one))}
      ${promise("Contract", one.contract, one.contract_rows_broken ? `${plain(one.contract_rows_broken)} rows break it` : `${plain(Object.keys(one.columns).length)} columns`)}
      ${promise("Proof", one.proven, one.proven_promised === null ? "" : `${duration(one.proven_promised)} old at most`)}
    </dl>
    <dl class="facts">
      <div><dt>Rows</dt><dd>${plain(one.rows)}</dd></div>
      <div><dt>Complete to</dt><dd>${moment(one.complete_to)}</dd></div>
      <div><dt>Made of</dt><dd>${list([...one.made_of, ...one.sources])}</dd></div>
      <div><dt>Read by</dt><dd>${list(one.read_by)}</dd></div>
    </dl>
    <details><summary>Columns</summary>
      <table class="data"><thead><tr><th scope="col">Column</th><th scope="col">Type</th></tr></thead>
        <tbody>${Object.entries(one.columns).map(([name, type]) => html`<tr>
          <th scope="row">${name}${one.key.includes(name) ? html`<small>key</small>` : one.not_null.includes(name) ? html`<small>never NULL</small>` : nothing}</th><td><code>${type}</code></td></tr>`)}</tbody>
      </table></details>
  </article>`;
}

const SIGNS = { met: "equal", broken: "alert", unknown: "unproven", "not promised": "unproven" } as const;

function promise(name: string, kept: Kept, text: string, part: number | null = null): TemplateResult {
  return html`<div class="promise ${kept.replace(" ", "-")}"><dt>${name}</dt>
    <dd>${icon(SIGNS[kept])}<b>${kept}</b>${text ? html` <span>${text}</span>` : nothing}
      ${part === null ? nothing : html`<meter min="0" max="1" value=${part} aria-label="${name}: part of what is allowed"></meter>`}</dd></div>`;
}

/** How much of what is allowed has been used; no more than all of it. */
function share({ behind, freshness_promised: promised }: Product): number | null {
  return behind === null ? null : Math.min(1, behind / promised);
}

function list(names: string[]): string {
  return names.join(", ") || NONE;
}
