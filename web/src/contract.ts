/** What the node's HTTP API says. Times are ISO 8601 strings in UTC; rows are arrays in column order. */

export type Verdict = "equal" | "differs" | "unproven";
export type Cell = string | number | boolean | null | Cell[] | { [key: string]: Cell };
export interface Column {
  name: string;
  /** DuckDB's name for the type: BIGINT, TIMESTAMP, VARCHAR, … */
  type: string;
}
export interface Rows {
  columns: Column[];
  rows: Cell[][];
}
/** What every answer says about itself. */
export interface Standing {
  epoch: number;
  as_of: string | null;
  complete_to: string | null;
}

export interface Project {
  name: string;
  description: string;
  pattern: string;
  clock: string;
  version: string;
  sources: { name: string; kind: string; description: string; columns?: Record<string, string> }[];
  models: {
    name: string;
    description: string;
    owner: string;
    columns: Record<string, string>;
    rule_summary: string;
  }[];
  dashboards: { name: string; title: string; description: string }[];
  reports: { name: string; title: string; description?: string }[];
}

export type ChartKind = "line" | "area" | "bar" | "heatmap";
export type Kind = ChartKind | "stat" | "table";
/** How a result is shown: shared by tiles and report sections. */
export interface Display {
  title: string;
  kind: Kind;
  x: string | null;
  y: string[];
  series: string | null;
  unit: string | null;
  format: string | null;
}
export interface Tile extends Display {
  id: string;
  description: string;
  /** Columns of twelve. */
  width: number;
  /** Rows of the grid. */
  height: number;
  relations: string[];
}
export interface Dashboard {
  name: string;
  title: string;
  description: string;
  tiles: Tile[];
}
export interface TileData extends Rows, Standing {
  tile: string;
  parity: Verdict;
  stale?: boolean;
}
export interface EpochTick extends Standing {
  time: string;
  rows_per_second: number;
  lag_rows: number;
}

export interface Parameter {
  name: string;
  label: string;
  values: Cell[];
  value: Cell;
}
export interface Section extends Display, Partial<Standing> {
  text: string | null;
  columns: Column[] | null;
  rows: Cell[][] | null;
  error?: Fault;
}
export interface Report extends Standing {
  name: string;
  title: string;
  description: string;
  parameters: Parameter[];
  sections: Section[];
  parity: Record<string, Verdict>;
}

export interface Receipt {
  model: string;
  equal: boolean;
  missing: number;
  extra: number;
  epoch: number;
  seconds: number;
  rows: number;
  checked_at: string;
  offsets: Record<string, number>;
  /** The lake's snapshot of each source that was recomputed from. */
  snapshot: Record<string, string | number>;
}

export interface Status {
  epoch: number;
  time: string | null;
  complete_to?: string | null;
  epochs_per_second: number;
  rows_per_second: number;
  lag_rows?: number;
  sources: {
    name: string;
    read: number;
    kept: number;
    rejected: number;
    late: number;
    lag_rows: number;
    watermark: string | null;
  }[];
  models: { name: string; rows: number; complete_to: string | null }[];
}

export type Kept = "met" | "broken" | "unknown" | "not promised";
/** What a domain publishes, and how it stands to its promises. Lengths of time are seconds. */
export interface Product {
  name: string;
  domain: string;
  version: string;
  description: string;
  owner: string;
  contact: string;
  ok: boolean;
  freshness: Kept;
  behind: number | null;
  freshness_promised: number;
  proven: Kept;
  proven_promised: number | null;
  contract: Kept;
  contract_rows_broken: number | null;
  columns: Record<string, string>;
  key: string[];
  not_null: string[];
  rows: number;
  complete_to: string | null;
  sources: string[];
  made_of: string[];
  read_by: string[];
}
export interface Products {
  products: Product[];
}

export interface LineageNode {
  /** A dashboard's and a report's carry their kind: `dashboard:history`. */
  id: string;
  kind: "source" | "model" | "dashboard" | "report";
  label: string;
  rows?: number | null;
  rows_per_second?: number | null;
  parity?: Verdict | null;
}
export interface Lineage {
  nodes: LineageNode[];
  edges: [string, string][];
}

/** How one operator of a model is kept up to date; the result's own comes first, its inputs follow one deeper. */
export interface Rule {
  operator: string;
  rule: string;
  reason: string;
  detail: string;
  depth: number;
  state: { name: string; bound: string }[];
}
export interface Explanation {
  incremental: boolean;
  key: string[];
  append_only: boolean;
  timely: boolean;
  rules: Rule[];
}

export interface ModelDetail {
  name: string;
  sql: string;
  description: string;
  columns: Record<string, string>;
  explain: Explanation;
  parity: Receipt | null;
  rows: number | null;
  complete_to: string | null;
}

export interface Answer extends Rows, Standing {
  parity: Verdict;
  relations: string[];
}

export interface Fault {
  code: string;
  what: string;
  where: { path?: string; line?: number | null; column?: number | null; excerpt?: string | null } | string | null;
  state: string;
  fix: string;
}
