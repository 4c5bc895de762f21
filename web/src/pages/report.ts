import { html, nothing, type TemplateResult } from "lit-html";
import "../parts/badge.ts";
import "../parts/chart.ts";
import "../parts/stat.ts";
import { asFault, get } from "../api.ts";
import { followStatus, type App, type OpenPage, type Page } from "../app.ts";
import { describe } from "../chart/option.ts";
import type { Cell, Fault, Parameter, Report, Section, Verdict } from "../contract.ts";
import { day, duration, moment, NONE, plain, unitOf } from "../format.ts";
import { icon } from "../parts/icons.ts";
import { faultCard, loading } from "../parts/notices.ts";
import { dataTable } from "../parts/table.ts";
import { provenAt, receipts } from "../receipts.ts";

export const open: OpenPage = (app, name, search) => new ReportPage(app, name, search);

class ReportPage implements Page {
  #report: Report | null = null;
  #fault: Fault | null = null;
  #busy = false;
  #leave: () => void;
  #abort = new AbortController();

  constructor(
    private readonly app: App,
    private readonly name: string,
    private search: URLSearchParams,
  ) {
    this.#leave = followStatus(app);
    void this.#load();
  }

  async #load(): Promise<void> {
    this.#abort.abort();
    const abort = (this.#abort = new AbortController());
    this.#busy = true;
    this.app.redraw();
    try {
      this.#report = await get<Report>(this.#path("", this.search), abort.signal);
      this.#fault = null;
    } catch (problem) {
      if (abort.signal.aborted || this.app.failed(problem)) return;
      this.#fault = asFault(problem);
    }
    this.#busy = false;
    this.app.redraw();
  }

  #path(suffix: string, search: URLSearchParams): string {
    const query = search.toString();
    return `/v1/reports/${encodeURIComponent(this.name)}${suffix}${query ? `?${query}` : ""}`;
  }

  #choose(parameter: string, value: string): void {
    this.search.set(parameter, value);
    this.app.readdress(this.search);
    void this.#load();
  }

  title(): string {
    return this.#report?.title || this.app.project.reports.find(({ name }) => name === this.name)?.title || this.name;
  }

  view(): TemplateResult {
    const report = this.#report;
    if (!report) return this.#fault ? faultCard(this.#fault) : loading("the report");
    return html`<div class="report-bar">
        <form class="parameters" aria-label="Parameters" @submit=${(event: Event) => event.preventDefault()}>
          ${report.parameters.map((parameter) => this.#selector(parameter))}
        </form>
        <span role="status" class="muted">${this.#busy ? "Loading…" : ""}</span>
        <button type="button" class="button" @click=${() => print()}>${icon("print")} Print</button>
      </div>
      ${this.#fault ? faultCard(this.#fault) : nothing}
      <article class="paper ${this.#busy ? "busy" : ""}">
        <header class="paper-head">
          <p class="paper-project">${this.app.project.name}</p>
          <h2>${report.title}</h2>
          ${report.description ? html`<p>${report.description}</p>` : nothing}
          <dl class="paper-facts">
            ${report.parameters.map((parameter) => fact(parameter.label || parameter.name, choiceText(parameter.value)))}
            ${fact("As of", `${moment(report.as_of, "second")} UTC`)} ${fact("Epoch", plain(report.epoch))}
            ${report.complete_to ? fact("Complete to", `${moment(report.complete_to)} UTC`) : nothing}
          </dl>
        </header>
        <div class="sections">${report.sections.map((section, i) => this.#section(section, i))}</div>
        ${proof(report.parity)}
      </article>`;
  }

  #selector({ name, label, values, value }: Parameter): TemplateResult {
    return html`<label>
      <span>${label || name}</span>
      <select name=${name} @change=${(event: Event) => this.#choose(name, (event.target as HTMLSelectElement).value)}>
        ${values.map((one) => html`<option value=${String(one)} ?selected=${String(one) === String(value)}>${choiceText(one)}</option>`)}
      </select>
    </label>`;
  }

  #section(section: Section, i: number): TemplateResult {
    const { columns, rows } = section;
    const search = new URLSearchParams(this.search);
    search.set("section", String(i));
    const unit = section.kind === "stat" || section.kind === "table" ? "" : unitOf(section);
    return html`<section class="section kind-${columns ? section.kind : "text"}">
      ${section.title || columns
        ? html`<header>
            <h3>${section.title}</h3>
            ${unit ? html`<span class="unit">${unit}</span>` : nothing}
            ${columns ? html`<a class="csv" href=${this.#path(".csv", search)} download="${this.name}-${i + 1}.csv" aria-label="CSV of ${section.title || `section ${i + 1}`}">${icon("download")} CSV</a>` : nothing}
          </header>`
        : nothing}
      ${section.text ? html`<p class="prose">${section.text}</p>` : nothing}
      ${section.error ? faultCard(section.error) : columns && rows ? drawn(section, { columns, rows }, this.#report?.complete_to ?? null) : nothing}
    </section>`;
  }

  close(): void {
    this.#abort.abort();
    this.#leave();
  }
}

function drawn(section: Section, data: { columns: NonNullable<Section["columns"]>; rows: Cell[][] }, completeTo: string | null): TemplateResult {
  const display = { ...section, y: section.y ?? [], title: section.title ?? "" };
  if (section.kind === "stat") return html`<head-stat .spec=${{ display, data }}></head-stat>`;
  if (section.kind === "table") return html`<div class="scroll-x">${dataTable(data, { caption: display.title, style: section, y: display.y, limit: 1000 })}</div>`;
  if (data.rows.length === 0) return html`<p class="no-rows">No rows.</p>`;
  return html`<head-chart paper role="img" aria-label=${describe(display, data)} .spec=${{ display, data, completeTo }}></head-chart>`;
}

function choiceText(cell: Cell): string {
  return typeof cell === "string" && /^\d{4}-\d\d-\d\d$/.test(cell) ? day(cell) : String(cell ?? NONE);
}

function fact(name: string, value: string): TemplateResult {
  return html`<div><dt>${name}</dt><dd>${value}</dd></div>`;
}

const SAID: Record<Verdict, string> = { equal: "Proven equal", differs: "Differs", unproven: "Not yet proven" };

/** What stands behind the numbers: one line per model the report reads. */
function proof(parity: Record<string, Verdict>): TemplateResult | typeof nothing {
  const models = Object.entries(parity);
  if (models.length === 0) return nothing;
  const found = receipts.of(models.map(([model]) => model));
  const epoch = provenAt(found);
  return html`<section class="proof">
    <h3>Proof</h3>
    <p>
      Every model below is kept up to date row by row, and recomputed from all of history in batch. “Proven equal” means that the two answers were
      compared row by row${epoch === null ? "" : ` at epoch ${plain(epoch)} or later`} and none was missing or extra.
    </p>
    <div class="scroll-x">
      <table class="data">
        <thead>
          <tr><th scope="col">Model</th><th scope="col">Verdict</th><th scope="col" class="number">Rows</th><th scope="col" class="number">Missing</th><th scope="col" class="number">Extra</th><th scope="col" class="number">Epoch</th><th scope="col" class="number">Took</th><th scope="col" class="time">Checked, UTC</th></tr>
        </thead>
        <tbody>
          ${models.map(([model, verdict]) => {
            const receipt = found.find((one) => one.model === model);
            return html`<tr>
              <th scope="row"><a href="/models/${model}">${model}</a></th>
              <td><span class="verdict ${verdict}">${icon(verdict)} ${SAID[verdict]}</span></td>
              <td class="number">${receipt ? plain(receipt.rows) : NONE}</td>
              <td class="number">${receipt ? plain(receipt.missing) : NONE}</td>
              <td class="number">${receipt ? plain(receipt.extra) : NONE}</td>
              <td class="number">${receipt ? plain(receipt.epoch) : NONE}</td>
              <td class="number">${receipt ? duration(receipt.seconds) : NONE}</td>
              <td class="time">${receipt ? moment(receipt.checked_at, "second") : NONE}</td>
            </tr>`;
          })}
        </tbody>
      </table>
    </div>
  </section>`;
}
