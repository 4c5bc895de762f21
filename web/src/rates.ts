export interface Count {
  /** Milliseconds. */
  at: number;
  rows: Map<string, number>;
}

/** Rows a second between two counts, by name. A count that fell (a rebuilt model) reads as no flow. */
export function arrivals(before: Count, now: Count): Map<string, number> {
  const seconds = (now.at - before.at) / 1000;
  const made = new Map<string, number>();
  for (const [name, rows] of now.rows) {
    const then = before.rows.get(name);
    if (then !== undefined && seconds > 0) made.set(name, Math.max(0, rows - then) / seconds);
  }
  return made;
}

/** What passes through every node: its own rate if that is known, else what everything it reads takes in. */
export function through(ids: readonly string[], edges: readonly [string, string][], known: ReadonlyMap<string, number>): Map<string, number> {
  const feeds = new Map<string, string[]>();
  for (const [from, to] of edges) feeds.set(to, [...(feeds.get(to) ?? []), from]);
  const made = new Map<string, number>();
  for (const id of ids) {
    // Each source counts once, however many ways lead from it.
    const upstream = new Set([id]);
    for (const at of upstream) for (const from of known.has(at) ? [] : (feeds.get(at) ?? [])) upstream.add(from);
    made.set(id, [...upstream].reduce((sum, at) => sum + (known.get(at) ?? 0), 0));
  }
  return made;
}
