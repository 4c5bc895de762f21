import { html, type TemplateResult } from "lit-html";
import { tokens } from "../sqltext.ts";

/** SQL in colour; the same characters, so that it can lie under a textarea. */
export function sqlText(sql: string): TemplateResult {
  return html`${tokens(sql).map(({ word, text }) => (word === "other" || word === "name" ? text : html`<span class="s-${word}">${text}</span>`))}`;
}

/** SQL with its line numbers, to read. */
export function sqlListing(sql: string): TemplateResult {
  const lines = sql.replace(/\s+$/, "").split("\n").length;
  const numbers = Array.from({ length: lines }, (_, i) => i + 1).join("\n");
  return html`<div class="listing" tabindex="0" role="region" aria-label="SQL"><pre class="gutter" aria-hidden="true">${numbers}</pre><pre><code>${sqlText(sql.replace(/\s+$/, ""))}</code></pre></div>`;
}
