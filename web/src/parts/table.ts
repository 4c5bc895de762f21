import { html, nothing, type TemplateResult } from "lit-html";
import type { Cell, Column, Rows } from "../contract.ts";
import { asNumber, decimals, fixed, isLabel, NONE, shapeOf, show, unitOf, type Style } from "../format.ts";
import { label } from "../series.ts";

export interface TableLook {
  caption: string;
  /** How the measured columns read. */
  style?: Style;
  /** Measured columns; the first of them also gets a bar. */
  y?: string[];
  limit?: number;
  /** Leave the columns' names as SQL has them. */
  raw?: boolean;
}

/** A result as a real table: numbers right-aligned, a sticky head, a note when rows are left out. */
export function dataTable(data: Rows, look: TableLook): TemplateResult {
  const limit = look.limit ?? 500;
  const barred = look.raw ? -1 : data.columns.findIndex(({ name }) => name === look.y?.[0]);
  const most = barred < 0 || data.rows.length < 2 ? 0 : Math.max(0, ...data.rows.map((row) => asNumber(row[barred]) ?? 0));
  if (data.rows.length === 0) return html`<p class="no-rows">No rows yet.</p>`;
  const shown = data.rows.slice(0, limit);
  const digits = data.columns.map((column, i) => (isFraction(column) ? aligned(shown, i, look.raw ? 6 : 2) : null));
  return html`<table class="data">
      <caption class="visually-hidden">${look.caption}</caption>
      <thead>
        <tr>${data.columns.map((column) => headCell(column, look))}</tr>
      </thead>
      <tbody>
        ${shown.map(
          (row) => html`<tr>${data.columns.map((column, i) => bodyCell(cellText(row[i], column, look, digits[i] ?? null), row[i], column, i === barred ? most : 0))}</tr>`,
        )}
      </tbody>
    </table>
    ${data.rows.length > limit
      ? html`<p class="more-rows">${limit.toLocaleString()} of ${data.rows.length.toLocaleString()} rows shown.</p>`
      : nothing}`;
}

function headCell(column: Column, look: TableLook): TemplateResult {
  const told = look.style ? unitOf(look.style) : "";
  const unit = look.y?.includes(column.name) && !saysItself(column.name, told) ? told : "";
  return html`<th scope="col" class=${shapeOf(column.type)} title=${column.type}>
    ${look.raw ? column.name : label(column.name)}${unit ? html` <span class="unit">${unit}</span>` : nothing}
  </th>`;
}

/** `delay_min` in minutes and `flights` in flights need no unit beside them. */
function saysItself(name: string, unit: string): boolean {
  return name.toLowerCase().split("_").includes(unit.toLowerCase());
}

function isFraction({ type }: Column): boolean {
  return /^(FLOAT|DOUBLE|REAL|DECIMAL|NUMERIC)/i.test(type);
}

/** Decimals for a whole column; small values get more, or nothing would be left of them. */
function aligned(rows: readonly Cell[][], column: number, most: number): number {
  const values = rows.flatMap((row) => asNumber(row[column]) ?? []);
  const small = values.some((value) => value !== 0) && values.every((value) => Math.abs(value) < 1);
  return decimals(values, small ? Math.max(most, 4) : most);
}

function bodyCell(text: string, cell: Cell | undefined, column: Column, most: number): TemplateResult {
  const shape = shapeOf(column.type);
  if (most <= 0) return html`<td class=${text === NONE ? `${shape} none` : shape}>${text}</td>`;
  const share = Math.max(0, Math.min(1, (asNumber(cell) ?? 0) / most));
  return html`<td class="${shape} barred" style="--share:${share.toFixed(4)}"><span>${text}</span></td>`;
}

function cellText(cell: Cell | undefined, column: Column, look: TableLook, digits: number | null): string {
  if (isLabel(column) && cell !== null && cell !== undefined) return String(cell);
  const measured = look.style !== undefined && (look.y?.includes(column.name) ?? false);
  const value = digits === null || (measured && look.style?.format) ? null : asNumber(cell);
  if (value !== null && digits !== null) return fixed(value, digits);
  return show(cell, column, measured ? look.style : undefined);
}
