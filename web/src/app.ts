import type { TemplateResult } from "lit-html";
import type { Project, Status } from "./contract.ts";
import type { Connection } from "./live.ts";

/** The newest epoch that the page heard of. */
export interface Tick {
  epoch: number;
  time: string | null;
  complete_to: string | null;
  rows_per_second: number;
  lag_rows: number;
}

/** What a page gets from the shell around it. */
export interface App {
  readonly project: Project;
  readonly connection: Connection;
  readonly tick: Tick | null;
  /** Show what changed; many calls make one redraw. */
  redraw(): void;
  /** Tell the shell about a new epoch. */
  ticked(tick: Tick): void;
  /** Follow a stream of events; the shell shows when it breaks. */
  follow(url: string, on: Record<string, (data: never) => void>): () => void;
  /** Change the address's query without leaving the page. */
  readdress(search: URLSearchParams): void;
  /** A request failed: true when the shell takes over (the session is gone), false when the page should say so. */
  failed(problem: unknown): boolean;
}

export interface Page {
  title(): string;
  view(): TemplateResult;
  close(): void;
}

export type OpenPage = (app: App, name: string, search: URLSearchParams) => Page;

/** Keep the shell's epoch current on a page that has no stream of its own. */
export function followStatus(app: App, heard: (status: Status) => void = () => undefined): () => void {
  return app.follow("/v1/status/live", {
    status: (status: Status) => {
      const lag = status.lag_rows ?? status.sources.reduce((sum, source) => sum + (source.lag_rows ?? 0), 0);
      app.ticked({
        epoch: status.epoch,
        time: status.time,
        complete_to: status.complete_to ?? null,
        rows_per_second: status.rows_per_second,
        lag_rows: lag,
      });
      heard(status);
    },
  });
}
