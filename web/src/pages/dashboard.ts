import { html, nothing, type TemplateResult } from "lit-html";
import "../parts/badge.ts";
import "../parts/chart.ts";
import "../parts/stat.ts";
import { asFault, get } from "../api.ts";
import type { App, OpenPage, Page } from "../app.ts";
import type { Dashboard, EpochTick, Fault, TileData } from "../contract.ts";
import { moment } from "../format.ts";
import { empty, faultCard, loading } from "../parts/notices.ts";
import { tileCard, UNTOLD, type TileState } from "../parts/tile.ts";

export const open: OpenPage = (app, name) => new DashboardPage(app, name);

class DashboardPage implements Page {
  #board: Dashboard | null = null;
  #fault: Fault | null = null;
  #tiles = new Map<string, TileState>();
  #leave: () => void = () => undefined;
  #abort = new AbortController();

  constructor(
    private readonly app: App,
    private readonly name: string,
  ) {
    void this.#load();
  }

  async #load(): Promise<void> {
    const path = `/v1/dashboards/${encodeURIComponent(this.name)}`;
    try {
      this.#board = await get<Dashboard>(path, this.#abort.signal);
      this.#leave = this.app.follow(`${path}/live`, {
        tile: (data: TileData) => this.#put(data.tile, { data, error: null }),
        error: ({ tile, error }: { tile?: string; error: string | { what: string } }) => {
          if (tile !== undefined) this.#put(tile, { error: typeof error === "string" ? error : error.what });
        },
        epoch: (tick: EpochTick) => this.app.ticked(tick),
      });
    } catch (problem) {
      if (this.#abort.signal.aborted || this.app.failed(problem)) return;
      this.#fault = asFault(problem);
    }
    this.app.redraw();
  }

  #put(tile: string, change: Partial<TileState>): void {
    this.#tiles.set(tile, { ...(this.#tiles.get(tile) ?? UNTOLD), ...change });
    this.app.redraw();
  }

  title(): string {
    return this.#board?.title || this.app.project.dashboards.find(({ name }) => name === this.name)?.title || this.name;
  }

  view(): TemplateResult {
    if (this.#fault) return faultCard(this.#fault);
    const board = this.#board;
    if (!board) return loading("the dashboard");
    return html`<div class="lede">
        ${board.description ? html`<p>${board.description}</p>` : nothing} ${this.#standing()}
      </div>
      ${board.tiles.length === 0
        ? empty("No tiles yet", html`Add some to <code>dashboards/${board.name}.yaml</code>; the node picks them up when it starts.`)
        : html`<div class="grid">
            ${board.tiles.map((tile) => {
              const state = this.#tiles.get(tile.id) ?? UNTOLD;
              return tileCard(tile, state, () => this.#put(tile.id, { asTable: !state.asTable }));
            })}
          </div>`}`;
  }

  #standing(): TemplateResult | typeof nothing {
    const tick = this.app.tick;
    if (!tick?.complete_to) return nothing;
    return html`<p class="standing">Complete to <b>${moment(tick.complete_to, "second")} UTC</b></p>`;
  }

  close(): void {
    this.#abort.abort();
    this.#leave();
  }
}
