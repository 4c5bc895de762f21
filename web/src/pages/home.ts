import { html, nothing, type TemplateResult } from "lit-html";
import "../parts/badge.ts";
import { get } from "../api.ts";
import { followStatus, type App, type OpenPage, type Page } from "../app.ts";
import type { Status, Verdict } from "../contract.ts";
import { moment, NONE, plain } from "../format.ts";
import { icon, type Icon } from "../parts/icons.ts";
import { empty } from "../parts/notices.ts";
import { combined, receipts } from "../receipts.ts";
import { arrivals, type Count } from "../rates.ts";

export const open: OpenPage = (app) => new HomePage(app);

class HomePage implements Page {
  #status: Status | null = null;
  #before: Count | null = null;
  #rates = new Map<string, number>();
  #leave: () => void;

  constructor(private readonly app: App) {
    this.#leave = followStatus(app, (status) => this.#heard(status));
    void get<Status>("/v1/status").then(
      (status) => this.#heard(status),
      (problem: unknown) => void app.failed(problem),
    );
  }

  #heard(status: Status): void {
    const now = { at: performance.now(), rows: new Map(status.sources.map(({ name, read }) => [name, read])) };
    if (this.#before && now.at - this.#before.at > 500) this.#rates = arrivals(this.#before, now);
    if (!this.#before || now.at - this.#before.at > 500) this.#before = now;
    this.#status = status;
    this.app.redraw();
  }

  title(): string {
    return "Overview";
  }

  view(): TemplateResult {
    const { project } = this.app;
    return html`<section class="hero">
        <div>
          <h2>${project.name}</h2>
          ${project.description ? html`<p>${project.description}</p>` : nothing}
          <p class="tags"><span>${project.pattern}</span><span>${project.clock === "event_time" ? "event-time clock" : "wall clock"}</span></p>
        </div>
        ${this.#figures()}
      </section>
      <div class="pair">${cards("Dashboards", "board", project.dashboards.map((one) => ({ ...one, href: `/dashboards/${one.name}` })), "dashboards")}
      ${cards("Reports", "page", project.reports.map((one) => ({ description: "", ...one, href: `/reports/${one.name}` })), "reports")}</div>
      ${this.#sources()} ${this.#models()}`;
  }

  #figures(): TemplateResult {
    const { models } = this.app.project;
    const kept = this.#status?.sources.reduce((sum, source) => sum + source.kept, 0);
    const rejected = this.#status?.sources.reduce((sum, source) => sum + source.rejected, 0) ?? 0;
    const found = receipts.of(models.map(({ name }) => name));
    const equal = found.filter((receipt) => receipt.equal).length;
    const differ = found.length - equal;
    return html`<dl class="figures">
      <div><dt>Rows taken</dt><dd>${kept === undefined ? NONE : plain(kept)}</dd><dd class="sub">${plain(rejected)} rejected</dd></div>
      <div>
        <dt>Models proven</dt>
        <dd>${equal}<small> of ${models.length}</small></dd>
        <dd class="sub ${differ ? "bad" : ""}">${proofNote(models.length, equal, differ)}</dd>
      </div>
      <div><dt>Epochs/s</dt><dd>${this.#status ? plain(Math.round(this.#status.epochs_per_second * 10) / 10) : NONE}</dd><dd class="sub">${plain(Math.round(this.app.tick?.rows_per_second ?? 0))} rows/s</dd></div>
    </dl>`;
  }

  #sources(): TemplateResult {
    const { sources } = this.app.project;
    if (sources.length === 0) return block("Sources", empty("No sources yet", html`Describe one in <code>sources/NAME.yaml</code>: a file, a folder or HTTP push.`));
    const known = new Map(this.#status?.sources.map((source) => [source.name, source]));
    return block("Sources", html`<div class="panel scroll" tabindex="0" role="region" aria-label="Sources">
        <table class="data roomy">
          <thead>
            <tr>
              <th scope="col">Source</th><th scope="col">Kind</th><th scope="col" class="number">Rows kept</th><th scope="col" class="number">Rows/s</th>
              <th scope="col" class="number">Rejected</th><th scope="col" class="number">Late</th><th scope="col" class="number">Lag</th><th scope="col" class="time">Complete to</th>
            </tr>
          </thead>
          <tbody>
            ${sources.map((source) => {
              const now = known.get(source.name);
              return html`<tr>
                <th scope="row">${source.name}${note(source.description)}</th>
                <td>${source.kind}</td>
                <td class="number">${count(now?.kept)}</td>
                <td class="number">${count(this.#rates.get(source.name))}</td>
                <td class="number ${now?.rejected ? "bad" : ""}">${count(now?.rejected)}</td>
                <td class="number">${count(now?.late)}</td>
                <td class="number">${count(now?.lag_rows)}</td>
                <td class="time">${moment(now?.watermark)}</td>
              </tr>`;
            })}
          </tbody>
        </table>
      </div>`);
  }

  #models(): TemplateResult {
    const { models } = this.app.project;
    if (models.length === 0) return block("Models", empty("No models yet", html`A model is one SELECT in <code>models/NAME.sql</code>.`));
    const known = new Map(this.#status?.models.map((model) => [model.name, model]));
    return block("Models", html`<div class="panel scroll" tabindex="0" role="region" aria-label="Models">
        <table class="data roomy">
          <thead>
            <tr><th scope="col">Model</th><th scope="col">Kept up to date by</th><th scope="col">Owner</th><th scope="col" class="number">Rows</th><th scope="col" class="time">Complete to</th><th scope="col">Parity</th></tr>
          </thead>
          <tbody>
            ${models.map((model) => {
              const now = known.get(model.name);
              return html`<tr>
                <th scope="row"><a href="/models/${model.name}">${model.name}</a>${note(model.description)}</th>
                <td class="rules">${model.rule_summary || NONE}</td>
                <td>${model.owner || NONE}</td>
                <td class="number">${count(now?.rows)}</td>
                <td class="time">${moment(now?.complete_to)}</td>
                <td><parity-badge .spec=${{ verdict: verdictOf(model.name), relations: [model.name] }}></parity-badge></td>
              </tr>`;
            })}
          </tbody>
        </table>
      </div>`);
  }

  close(): void {
    this.#leave();
  }
}

function verdictOf(model: string): Verdict {
  return combined(receipts.of([model]), 1);
}

function block(title: string, body: TemplateResult): TemplateResult {
  return html`<section class="block"><h2>${title}</h2>${body}</section>`;
}

function proofNote(models: number, equal: number, differ: number): string {
  if (models === 0) return "no models yet";
  const open = models - equal - differ;
  const said = [differ ? `${differ} ${differ === 1 ? "differs" : "differ"}` : "", open ? `${open} not yet` : ""].filter(Boolean);
  return said.join(", ") || "all equal to batch";
}

function count(value: number | undefined | null): string {
  return value === undefined || value === null ? NONE : plain(Math.round(value));
}

function note(text: string): TemplateResult | typeof nothing {
  return text ? html`<small>${text}</small>` : nothing;
}

interface Card {
  name: string;
  title: string;
  description: string;
  href: string;
}

function cards(title: string, sign: Icon, found: Card[], folder: string): TemplateResult {
  return block(title, html`${found.length === 0
      ? empty(`No ${folder} yet`, html`Describe one in <code>${folder}/NAME.yaml</code>.`)
      : html`<ul class="cards">
          ${found.map(
            (card) => html`<li>
              <a href=${card.href}>${icon(sign)}<span><b>${card.title || card.name}</b>${note(card.description)}</span>${icon("next")}</a>
            </li>`,
          )}
        </ul>`}`);
}
