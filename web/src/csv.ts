import type { Cell, Rows } from "./contract.ts";

function field(cell: Cell | undefined): string {
  if (cell === null || cell === undefined) return "";
  const text = typeof cell === "object" ? JSON.stringify(cell) : String(cell);
  return /[",\r\n]/.test(text) || text !== text.trim() ? `"${text.replaceAll('"', '""')}"` : text;
}

/** Rows as RFC 4180: CRLF line ends, quotes only where needed, NULL as the empty field. */
export function toCsv(data: Rows): string {
  const lines = [data.columns.map((column) => field(column.name)), ...data.rows.map((row) => row.map(field))];
  return lines.map((line) => `${line.join(",")}\r\n`).join("");
}
