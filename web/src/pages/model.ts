import { html, nothing, type TemplateResult } from "lit-html";
import "../parts/badge.ts";
import { asFault, get, post } from "../api.ts";
import { followStatus, type App, type OpenPage, type Page } from "../app.ts";
import type { Answer, Fault, ModelDetail, Rule, Status, Verdict } from "../contract.ts";
import { moment, NONE, plain } from "../format.ts";
import { receiptTable } from "../parts/badge.ts";
import { icon } from "../parts/icons.ts";
import { faultCard, loading } from "../parts/notices.ts";
import { sqlListing } from "../parts/sql-text.ts";
import { dataTable } from "../parts/table.ts";
import { combined, receipts } from "../receipts.ts";

export const open: OpenPage = (app, name) => new ModelPage(app, name);

const PREVIEW_ROWS = 50;

class ModelPage implements Page {
  #model: ModelDetail | null = null;
  #preview: Answer | null = null;
  #fault: Fault | null = null;
  #previewFault: Fault | null = null;
  #status: Status | null = null;
  #leave: () => void;
  #abort = new AbortController();

  constructor(
    private readonly app: App,
    private readonly name: string,
  ) {
    this.#leave = followStatus(app, (status) => (this.#status = status));
    void this.#load();
  }

  async #load(): Promise<void> {
    try {
      this.#model = await get<ModelDetail>(`/v1/models/${encodeURIComponent(this.name)}`, this.#abort.signal);
      this.app.redraw();
      await this.#look();
    } catch (problem) {
      if (this.#abort.signal.aborted || this.app.failed(problem)) return;
      this.#fault = asFault(problem);
    }
    this.app.redraw();
  }

  #query(): string {
    return `select * from ${this.name} limit ${PREVIEW_ROWS}`;
  }

  #look = async (): Promise<void> => {
    try {
      this.#preview = await post<Answer>("/v1/sql", { sql: this.#query() }, this.#abort.signal);
      this.#previewFault = null;
    } catch (problem) {
      if (this.#abort.signal.aborted || this.app.failed(problem)) return;
      this.#previewFault = asFault(problem);
    }
    this.app.redraw();
  };

  title(): string {
    return this.name;
  }

  view(): TemplateResult {
    if (this.#fault) return faultCard(this.#fault);
    const model = this.#model;
    if (!model) return loading("the model");
    const listed = this.app.project.models.find(({ name }) => name === this.name);
    const now = this.#status?.models.find(({ name }) => name === this.name);
    const complete = now?.complete_to ?? model.complete_to;
    return html`<div class="lede model-lede">
        ${model.description ? html`<p>${model.description}</p>` : nothing}
        <dl class="inline-facts">
          <div><dt>Parity</dt><dd><parity-badge .spec=${{ verdict: this.#verdict(model), relations: [this.name] }}></parity-badge></dd></div>
          <div><dt>Rows</dt><dd>${plain(now?.rows ?? model.rows ?? 0)}</dd></div>
          <div><dt>Complete to</dt><dd>${complete ? `${moment(complete)} UTC` : NONE}</dd></div>
          <div><dt>Owner</dt><dd>${listed?.owner || NONE}</dd></div>
        </dl>
      </div>
      <div class="model-grid">
        <section class="panel">
          <header class="panel-head"><h2>SQL</h2><code class="muted">models/${this.name}.sql</code></header>
          ${sqlListing(model.sql)}
        </section>
        ${this.#columns(model)} ${this.#operators(model)} ${this.#receipt()} ${this.#rows()}
      </div>`;
  }

  #verdict(model: ModelDetail): Verdict {
    if (receipts.of([this.name]).length) return combined(receipts.of([this.name]), 1);
    return model.parity === null ? "unproven" : model.parity.equal ? "equal" : "differs";
  }

  #columns({ columns }: ModelDetail): TemplateResult {
    return html`<section class="panel columns">
      <header class="panel-head"><h2>Columns</h2></header>
      <table class="data">
        <tbody>${Object.entries(columns).map(([name, type]) => html`<tr><th scope="row">${name}</th><td class="type">${type}</td></tr>`)}</tbody>
      </table>
    </section>`;
  }

  #operators({ explain }: ModelDetail): TemplateResult {
    const states = explain.rules.flatMap(({ state }) => state);
    return html`<section class="panel wide">
      <header class="panel-head">
        <h2>How it is kept up to date</h2>
        <span class="tag">${explain.incremental ? "incremental" : "recomputed as a whole"}</span>
        ${explain.append_only ? html`<span class="tag">append-only</span>` : nothing}
        ${explain.timely ? html`<span class="tag">changes as time passes</span>` : nothing}
        ${explain.key.length ? html`<span class="muted">key: <code>${explain.key.join(", ")}</code></span>` : nothing}
      </header>
      <div class="scroll-x">
        <table class="data roomy operators">
          <thead><tr><th scope="col">Operator</th><th scope="col">Rule</th><th scope="col">Why</th><th scope="col">State</th></tr></thead>
          <tbody>${explain.rules.map(operatorRow)}</tbody>
        </table>
      </div>
      ${states.length
        ? html`<h3>State it keeps</h3>
            <div class="scroll-x"><table class="data roomy">
              <thead><tr><th scope="col">State</th><th scope="col">What bounds it</th></tr></thead>
              <tbody>
                ${states.map((one) => html`<tr><th scope="row"><code>${one.name}</code></th><td class="wrap">${one.bound || NONE}</td></tr>`)}
              </tbody>
            </table></div>`
        : nothing}
    </section>`;
  }

  #receipt(): TemplateResult {
    const found = receipts.of([this.name]);
    return html`<section class="panel wide">
      <header class="panel-head"><h2>Parity receipt</h2></header>
      ${found.length ? receiptTable(found) : html`<p class="no-rows">Not yet recomputed and compared. The badge above can do it now.</p>`}
    </section>`;
  }

  #rows(): TemplateResult {
    const preview = this.#preview;
    return html`<section class="panel wide">
      <header class="panel-head">
        <h2>Rows</h2>
        ${preview ? html`<span class="muted">first ${plain(preview.rows.length)}, as of ${moment(preview.as_of, "second")} UTC, epoch ${plain(preview.epoch)}</span>` : nothing}
        <span class="push"></span>
        <button type="button" class="quiet" @click=${this.#look}>Refresh</button>
        <a class="quiet" href="/sql?q=${encodeURIComponent(this.#query())}">${icon("sql")} Open in SQL</a>
      </header>
      ${this.#previewFault ? faultCard(this.#previewFault) : preview ? html`<div class="scroll preview" tabindex="0" role="region" aria-label="Rows">${dataTable(preview, { caption: `Rows of ${this.name}`, raw: true })}</div>` : loading("rows")}
    </section>`;
  }

  close(): void {
    this.#abort.abort();
    this.#leave();
  }
}

function operatorRow({ operator, rule, reason, detail, state, depth }: Rule): TemplateResult {
  return html`<tr>
    <th scope="row" style="--depth:${depth}"><span class="operator">${operator}</span>${detail ? html`<small>${detail}</small>` : nothing}</th>
    <td><span class="rule rule-${rule.toLowerCase().replace(/[^a-z]/g, "")}">${rule}</span></td>
    <td class="wrap">${reason}</td>
    <td>${state.length ? state.map(({ name }) => html`<code>${name}</code> `) : NONE}</td>
  </tr>`;
}
