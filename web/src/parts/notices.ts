import { html, nothing, type TemplateResult } from "lit-html";
import type { Fault } from "../contract.ts";
import { icon } from "./icons.ts";

/** An error as every door tells it: what, where, what state is left, and the fix. */
export function faultCard(fault: Fault, detail: TemplateResult | typeof nothing = nothing): TemplateResult {
  return html`<div class="fault" role="alert">
    <p class="fault-what">${icon("alert")} <strong>${fault.what}</strong> ${fault.code ? html`<code>${fault.code}</code>` : nothing}</p>
    ${detail}
    <dl>
      ${row("Where", place(fault))} ${row("State", fault.state)} ${row("Fix", fault.fix)}
    </dl>
  </div>`;
}

function row(name: string, text: string): TemplateResult | typeof nothing {
  return text ? html`<div><dt>${name}</dt><dd>${text}</dd></div>` : nothing;
}

function place({ where }: Fault): string {
  if (where === null || typeof where === "string") return where ?? "";
  return [where.path, where.line && `line ${where.line}`, where.column && `column ${where.column}`].filter(Boolean).join(", ");
}

export function empty(title: string, body: TemplateResult | string): TemplateResult {
  return html`<div class="empty"><p class="empty-title">${title}</p><div>${body}</div></div>`;
}

export function loading(what: string): TemplateResult {
  return html`<div class="loading" role="status"><span class="visually-hidden">Loading ${what}…</span><i></i><i></i><i></i></div>`;
}
