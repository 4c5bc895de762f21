import type { Cell, Column } from "./contract.ts";

/** What is shown where a value is missing. */
export const NONE = "–";

export type Shape = "number" | "time" | "date" | "truth" | "text";

const NUMERIC = /^(U?(TINY|SMALL|BIG|HUGE)INT|U?INTEGER|INT\d*|FLOAT|DOUBLE|REAL|DECIMAL|NUMERIC|BIGNUM)\b/i;

/** What a column of this DuckDB type holds, as far as showing it goes. */
export function shapeOf(type: string): Shape {
  if (/\[\]$|^(STRUCT|MAP|LIST|UNION)/i.test(type)) return "text";
  if (NUMERIC.test(type)) return "number";
  if (/^(TIMESTAMP|DATETIME)/i.test(type)) return "time";
  if (/^DATE$/i.test(type)) return "date";
  return /^BOOL/i.test(type) ? "truth" : "text";
}

/** A cell as a number, or null: BIGINT and DECIMAL arrive as text when JSON's numbers could not hold them. */
export function asNumber(cell: Cell | undefined): number | null {
  if (typeof cell === "number") return Number.isFinite(cell) ? cell : null;
  if (typeof cell === "boolean") return Number(cell);
  if (typeof cell !== "string" || cell.trim() === "") return null;
  const value = Number(cell);
  return Number.isFinite(value) ? value : null;
}

/** Milliseconds since 1970 of an ISO time; a time without a zone is UTC. */
export function asTime(cell: Cell | undefined): number | null {
  if (typeof cell !== "string") return null;
  const zoned = /([zZ]|[+-]\d\d:?\d\d)$/.test(cell) || !/\d[T ]\d/.test(cell);
  const value = Date.parse(zoned ? cell.replace(" ", "T") : `${cell.replace(" ", "T")}Z`);
  return Number.isNaN(value) ? null : value;
}

const numbers = new Map<string, Intl.NumberFormat>();
function numberFormat(options: Intl.NumberFormatOptions): Intl.NumberFormat {
  const key = JSON.stringify(options);
  const known = numbers.get(key);
  if (known) return known;
  const made = new Intl.NumberFormat(undefined, options);
  numbers.set(key, made);
  return made;
}

/** Whole numbers in full, fractions with as many digits as tell something. */
export function plain(value: number): string {
  if (Number.isInteger(value)) return numberFormat({ maximumFractionDigits: 0 }).format(value);
  const size = Math.abs(value);
  if (size < 1) return numberFormat({ maximumSignificantDigits: size < 0.1 ? 2 : 3 }).format(value);
  const digits = size >= 1000 ? 0 : size >= 100 ? 1 : 2;
  return numberFormat({ maximumFractionDigits: digits, minimumFractionDigits: digits }).format(value);
}

/** Short enough for an axis: 12K, 3.4M. */
export function compact(value: number): string {
  if (Math.abs(value) < 10_000) return numberFormat({ maximumFractionDigits: 2 }).format(value);
  return numberFormat({ notation: "compact", maximumFractionDigits: 1 }).format(value);
}

export function percent(fraction: number, short = false): string {
  return numberFormat({ style: "percent", maximumFractionDigits: 1, minimumFractionDigits: short ? 0 : 1 }).format(fraction);
}

/** A number with exactly this many decimals. */
export function fixed(value: number, digits: number): string {
  return numberFormat({ minimumFractionDigits: digits, maximumFractionDigits: digits }).format(value);
}

/** How many decimals a column of numbers needs so that all of them line up, at most `most`. */
export function decimals(values: readonly number[], most: number): number {
  let needed = 0;
  for (const value of values) {
    const [, fraction = ""] = String(Math.abs(value)).split("e")[0]?.split(".") ?? [];
    needed = Math.max(needed, Math.min(most, fraction.length));
  }
  return needed;
}

const SECONDS: Record<string, number> = {
  ms: 0.001, millisecond: 0.001, milliseconds: 0.001,
  s: 1, sec: 1, second: 1, seconds: 1,
  min: 60, mins: 60, minute: 60, minutes: 60,
  h: 3600, hour: 3600, hours: 3600,
  d: 86400, day: 86400, days: 86400,
};

/** Seconds as a person would say them: 850 ms, 12 s, 4 min 30 s, 3 h 05 min, 2 d 4 h. */
export function duration(seconds: number): string {
  const sign = seconds < 0 ? "−" : "";
  const size = Math.abs(seconds);
  if (size === 0) return "0 s";
  if (size < 1) return `${sign}${Math.round(size * 1000)} ms`;
  if (size < 60) return `${sign}${plain(Math.round(size * 10) / 10)} s`;
  const whole = Math.round(size);
  if (whole < 3600) return `${sign}${joined(whole, 60, "min", 1, "s")}`;
  if (whole < 86400) return `${sign}${joined(whole, 3600, "h", 60, "min")}`;
  return `${sign}${joined(whole, 86400, "d", 3600, "h")}`;
}

function joined(whole: number, big: number, bigUnit: string, small: number, smallUnit: string): string {
  const rest = Math.floor((whole % big) / small);
  const head = `${numberFormat({}).format(Math.floor(whole / big))} ${bigUnit}`;
  return rest === 0 ? head : `${head} ${bigUnit === "h" ? String(rest).padStart(2, "0") : rest} ${smallUnit}`;
}

const CLOCK: Intl.DateTimeFormatOptions = { hour: "2-digit", minute: "2-digit", hourCycle: "h23", timeZone: "UTC" };
const DAY: Intl.DateTimeFormatOptions = { day: "numeric", month: "short", year: "numeric", timeZone: "UTC" };
const formats = {
  minute: new Intl.DateTimeFormat(undefined, { ...DAY, ...CLOCK }),
  second: new Intl.DateTimeFormat(undefined, { ...DAY, ...CLOCK, second: "2-digit" }),
  day: new Intl.DateTimeFormat(undefined, DAY),
  clock: new Intl.DateTimeFormat(undefined, { ...CLOCK, second: "2-digit" }),
};

/** A time in UTC; seconds only when there are some, or when asked for. */
export function moment(cell: Cell | undefined, precision: "auto" | "second" | "clock" = "auto"): string {
  const time = asTime(cell);
  if (time === null) return cell === null || cell === undefined ? NONE : String(cell);
  if (precision === "clock") return formats.clock.format(time);
  const seconds = precision === "second" || time % 60_000 !== 0;
  return (seconds ? formats.second : formats.minute).format(time);
}

export function day(cell: Cell | undefined): string {
  const time = asTime(cell);
  return time === null ? (cell === null || cell === undefined ? NONE : String(cell)) : formats.day.format(time);
}

/** How long before `now` a time was, in words. */
export function ago(time: string | null, now: number): string {
  const then = asTime(time);
  if (then === null) return NONE;
  const seconds = Math.max(0, Math.round((now - then) / 1000));
  if (seconds < 5) return "just now";
  return `${duration(seconds < 120 ? seconds : Math.round(seconds / 60) * 60)} ago`;
}

export interface Style {
  format: string | null;
  unit: string | null;
}
const PLAIN: Style = { format: null, unit: null };

/** A measured value in its format, without its unit. */
export function measure(value: number, style: Style, short = false): string {
  if (style.format === "percent") return percent(value, short);
  if (style.format === "duration") return duration(value * (SECONDS[style.unit ?? "s"] ?? 1));
  return short ? compact(value) : plain(value);
}

/** The unit to print beside a measured value: percent and duration already carry theirs. */
export function unitOf(style: Style): string {
  return style.format === "percent" || style.format === "duration" ? "" : (style.unit ?? "");
}

/** Any cell as text, by its column's type; `style` applies to measured numbers. */
export function show(cell: Cell | undefined, column: Column, style: Style = PLAIN): string {
  if (cell === null || cell === undefined) return NONE;
  const shape = shapeOf(column.type);
  if (shape === "time") return moment(cell);
  if (shape === "date") return day(cell);
  if (shape === "truth") return cell === true ? "yes" : "no";
  if (shape !== "number") return typeof cell === "object" ? JSON.stringify(cell) : String(cell);
  if (typeof cell === "string" && /^-?\d{16,}$/.test(cell)) return numberFormat({}).format(BigInt(cell));
  const value = asNumber(cell);
  return value === null ? String(cell) : measure(value, style);
}

/** Whether numbers of this column name things rather than measure them, so that 2013 is not printed as 2,013. */
export function isLabel(column: Column): boolean {
  return /(^|_)(id|year)$/i.test(column.name) && shapeOf(column.type) === "number";
}
