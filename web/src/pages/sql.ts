import { html, nothing, type TemplateResult } from "lit-html";
import "../parts/badge.ts";
import { asFault, post } from "../api.ts";
import { followStatus, type App, type OpenPage, type Page } from "../app.ts";
import type { Answer, Fault } from "../contract.ts";
import { toCsv } from "../csv.ts";
import { duration, moment, plain } from "../format.ts";
import { icon } from "../parts/icons.ts";
import { empty, faultCard } from "../parts/notices.ts";
import { sqlText } from "../parts/sql-text.ts";
import { dataTable } from "../parts/table.ts";
import { excerpt } from "../sqltext.ts";

export const open: OpenPage = (app, _name, search) => new SqlPage(app, search.get("q"));

const KEPT = "headrace.sql";
const SHOWN_ROWS = 1000;

class SqlPage implements Page {
  #sql: string;
  /** The text that was run, which an error's line and column belong to. */
  #ran = "";
  #answer: Answer | null = null;
  #fault: Fault | null = null;
  #running: AbortController | null = null;
  #seconds = 0;
  #leave: () => void;

  constructor(
    private readonly app: App,
    asked: string | null,
  ) {
    this.#sql = asked ?? kept() ?? this.#example();
    this.#leave = followStatus(app);
    if (asked) void this.#run();
  }

  #example(): string {
    const first = this.app.project.models[0]?.name ?? this.app.project.sources[0]?.name;
    return first ? `select *\nfrom ${first}\nlimit 100` : "select 1";
  }

  title(): string {
    return "SQL";
  }

  #run = async (): Promise<void> => {
    this.#running?.abort();
    const running = (this.#running = new AbortController());
    const started = performance.now();
    this.#ran = this.#sql;
    keep(this.#sql);
    this.app.readdress(new URLSearchParams({ q: this.#sql }));
    this.app.redraw();
    try {
      const answer = await post<Answer>("/v1/sql", { sql: this.#ran }, running.signal);
      [this.#answer, this.#fault] = [answer, null];
    } catch (problem) {
      if (running.signal.aborted || this.app.failed(problem)) return;
      [this.#answer, this.#fault] = [null, asFault(problem)];
    }
    this.#seconds = (performance.now() - started) / 1000;
    this.#running = null;
    this.app.redraw();
  };

  #stop = (): void => {
    this.#running?.abort();
    this.#running = null;
    this.app.redraw();
  };

  view(): TemplateResult {
    return html`<div class="sql-grid">
      <section class="panel editor-panel">
        ${this.#editor()}
        <div class="editor-bar">
          ${this.#running
            ? html`<button type="button" class="button primary" @click=${this.#stop}>Stop</button>`
            : html`<button type="button" class="button primary" @click=${this.#run}>${icon("run")} Run</button>`}
          <span class="muted keys"><kbd>Ctrl</kbd> <kbd>Enter</kbd></span>
          <span class="push"></span>
          <span class="muted" role="status">${this.#running ? "Running…" : ""}</span>
        </div>
      </section>
      ${this.#relations()}
      <section class="results" aria-label="Result">${this.#result()}</section>
    </div>`;
  }

  #editor(): TemplateResult {
    const rows = Math.max(6, Math.min(22, this.#sql.split("\n").length + 1));
    return html`<div class="editor" style="--rows:${rows}">
      <pre aria-hidden="true"><code>${sqlText(`${this.#sql}\n`)}</code></pre>
      <textarea
        aria-label="SQL query"
        spellcheck="false"
        autocapitalize="off"
        autocomplete="off"
        wrap="off"
        .value=${this.#sql}
        @input=${this.#typed}
        @keydown=${(event: KeyboardEvent) => this.#key(event)}
        @scroll=${(event: Event) => follow(event.target as HTMLTextAreaElement)}
      ></textarea>
    </div>`;
  }

  #typed = (event: Event): void => {
    const area = event.target as HTMLTextAreaElement;
    this.#sql = area.value;
    this.app.redraw();
    requestAnimationFrame(() => follow(area));
  };

  #key(event: KeyboardEvent): void {
    if (event.key !== "Enter" || !(event.ctrlKey || event.metaKey)) return;
    event.preventDefault();
    void this.#run();
  }

  #relations(): TemplateResult {
    const { sources, models } = this.app.project;
    const item = (name: string, columns: Record<string, string> | undefined): TemplateResult => html`<li>
      <details>
        <summary><code>${name}</code></summary>
        <button type="button" class="quiet" @click=${() => this.#insert(name)}>Insert name</button>
        ${columns && Object.keys(columns).length
          ? html`<dl>${Object.entries(columns).map(([column, type]) => html`<div><dt><button type="button" @click=${() => this.#insert(column)}>${column}</button></dt><dd>${type}</dd></div>`)}</dl>`
          : nothing}
      </details>
    </li>`;
    return html`<aside class="panel relations" aria-label="Relations">
      ${models.length ? html`<h2>Models</h2><ul>${models.map(({ name, columns }) => item(name, columns))}</ul>` : nothing}
      ${sources.length ? html`<h2>Sources</h2><ul>${sources.map(({ name, columns }) => item(name, columns))}</ul>` : nothing}
    </aside>`;
  }

  #insert(text: string): void {
    const area = document.querySelector<HTMLTextAreaElement>(".editor textarea");
    if (!area) return;
    area.focus();
    area.setRangeText(text, area.selectionStart, area.selectionEnd, "end");
    this.#sql = area.value;
    this.app.redraw();
  }

  #result(): TemplateResult {
    if (this.#fault) return faultCard(this.#fault, caret(this.#ran, this.#fault));
    const answer = this.#answer;
    if (!answer) return empty("No result yet", "Run a query: any SELECT over the models and sources. Everything in it is read at one epoch.");
    return html`<div class="panel">
      <header class="panel-head result-head">
        <span><b>${plain(answer.rows.length)}</b> ${answer.rows.length === 1 ? "row" : "rows"} in ${duration(this.#seconds)}</span>
        <span class="muted">as of ${moment(answer.as_of, "second")} UTC · epoch ${plain(answer.epoch)}${answer.complete_to ? ` · complete to ${moment(answer.complete_to)}` : ""}</span>
        <parity-badge .spec=${{ verdict: answer.parity, relations: answer.relations }}></parity-badge>
        <span class="push"></span>
        <button type="button" class="quiet" @click=${() => download("query.csv", toCsv(answer))}>${icon("download")} CSV</button>
      </header>
      <div class="scroll result-scroll" tabindex="0" role="region" aria-label="Result rows">${dataTable(answer, { caption: "Query result", raw: true, limit: SHOWN_ROWS })}</div>
    </div>`;
  }

  close(): void {
    this.#running?.abort();
    this.#leave();
  }
}

/** Keep the coloured text under the text that is typed. */
function follow(area: HTMLTextAreaElement): void {
  const under = area.previousElementSibling;
  if (under) [under.scrollTop, under.scrollLeft] = [area.scrollTop, area.scrollLeft];
}

function caret(sql: string, fault: Fault): TemplateResult | typeof nothing {
  const told = typeof fault.where === "object" ? fault.where?.excerpt : null;
  if (told) return html`<pre class="excerpt">${told}</pre>`;
  const found = excerpt(sql, fault);
  if (!found) return nothing;
  const gutter = `${found.line} │ `;
  return html`<pre class="excerpt">${gutter}${found.text}\n${" ".repeat(gutter.length)}<b>${found.caret}</b></pre>`;
}

function download(name: string, text: string): void {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob([text], { type: "text/csv;charset=utf-8" }));
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 1000);
}

function kept(): string | null {
  try {
    return localStorage.getItem(KEPT);
  } catch {
    return null; // storage can be forbidden
  }
}

function keep(sql: string): void {
  try {
    localStorage.setItem(KEPT, sql);
  } catch {
    // Storage can be forbidden; the address still carries the query.
  }
}
