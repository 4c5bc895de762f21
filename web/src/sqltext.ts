import type { Fault } from "./contract.ts";

export type Word = "keyword" | "function" | "string" | "number" | "comment" | "name" | "other";
export interface Token {
  word: Word;
  text: string;
}

const KEYWORDS = new Set(
  `all and any as asc between by case cast count_if cross current_date current_timestamp date desc distinct else end except
  exists extract false filter first following from full group having in inner intersect interval is join last lateral left
  like ilike limit natural not null nulls offset on or order outer over partition preceding qualify range right row rows
  select semi anti set table then timestamp true unbounded union unnest using values when where window with within`
    .trim()
    .split(/\s+/),
);

const PATTERN =
  /(?<comment>--[^\n]*|\/\*[\s\S]*?(?:\*\/|$))|(?<string>'(?:[^']|'')*(?:'|$))|(?<quoted>"(?:[^"]|"")*(?:"|$))|(?<number>\b\d+(?:\.\d+)?(?:e[+-]?\d+)?\b)|(?<name>[A-Za-z_][A-Za-z0-9_$]*)|(?<other>\s+|[^\sA-Za-z_0-9'"]|.)/gi;

/** SQL cut into coloured words. Every character of the input is in exactly one token. */
export function tokens(sql: string): Token[] {
  const made: Token[] = [];
  for (const match of sql.matchAll(PATTERN)) {
    const text = match[0];
    const groups = match.groups ?? {};
    const word: Word = groups.comment
      ? "comment"
      : groups.string
        ? "string"
        : groups.number
          ? "number"
          : groups.name
            ? wordOf(text, sql.charAt(match.index + text.length))
            : groups.quoted
              ? "name"
              : "other";
    made.push({ word, text });
  }
  return made;
}

function wordOf(name: string, next: string): Word {
  if (KEYWORDS.has(name.toLowerCase())) return "keyword";
  return next === "(" ? "function" : "name";
}

/** The line that an error points at and carets under the column, or null when it does not say where. */
export function excerpt(sql: string, fault: Fault): { line: number; text: string; caret: string } | null {
  const where = fault.where;
  if (where === null || typeof where === "string" || !where.line) return null;
  const text = sql.split("\n")[where.line - 1];
  if (text === undefined) return null;
  const column = Math.min(Math.max(1, where.column ?? 1), text.length + 1);
  const rest = /^[A-Za-z0-9_$.]+/.exec(text.slice(column - 1));
  // Tabs keep their width in the line above, so keep them in the line of carets.
  const lead = text.slice(0, column - 1).replace(/[^\t]/g, " ");
  return { line: where.line, text, caret: lead + "^".repeat(rest ? rest[0].length : 1) };
}
