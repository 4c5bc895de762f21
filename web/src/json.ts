/** Integers that a JavaScript number cannot hold (BIGINT, HUGEINT, a snapshot's id) stay the text they were sent as. */
export function parseJson(text: string): unknown {
  if (!/\d{16}/.test(text)) return JSON.parse(text);
  return JSON.parse(text, function (_key, value: unknown, context?: { source?: string }) {
    const lossy = typeof value === "number" && Number.isInteger(value) && !Number.isSafeInteger(value);
    return lossy && context?.source && /^-?\d+$/.test(context.source) ? context.source : value;
  } as (this: unknown, key: string, value: unknown) => unknown);
}
