import { html, nothing, render, type TemplateResult } from "lit-html";
import { asFault } from "../api.ts";
import type { Receipt, Verdict } from "../contract.ts";
import { duration, moment, plain } from "../format.ts";
import { provenAt, receipts } from "../receipts.ts";
import { icon } from "./icons.ts";

export interface BadgeSpec {
  verdict: Verdict;
  /** The relations whose receipts stand behind the number; sources among them have none. */
  relations: readonly string[];
}

const SAID: Record<Verdict, string> = { equal: "Proven", differs: "Differs", unproven: "Not yet proven" };
const HOVER_MS = 180;
let ids = 0;

/** `<parity-badge .spec=${…}>`: the verdict as a pill; hover or press shows the receipts behind it. */
export class ParityBadge extends HTMLElement {
  #spec: BadgeSpec = { verdict: "unproven", relations: [] };
  #id = `receipt-${++ids}`;
  #leave: () => void = () => undefined;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #pinned = false;
  #open = false;
  #checking = false;
  #fetching = false;
  #problem = "";

  set spec(spec: BadgeSpec) {
    this.#spec = spec;
    if (this.isConnected) this.#draw();
  }

  connectedCallback(): void {
    this.#leave = receipts.watch(() => this.#draw());
    this.#draw();
  }

  disconnectedCallback(): void {
    this.#leave();
    clearTimeout(this.#timer);
  }

  get #panel(): HTMLElement | null {
    return this.querySelector<HTMLElement>("[popover]");
  }

  #draw(): void {
    const { verdict, relations } = this.#spec;
    const found = receipts.of(relations);
    const epoch = provenAt(found);
    const at = epoch !== null && verdict !== "unproven" ? html` <span class="badge-epoch">epoch ${plain(epoch)}</span>` : nothing;
    render(
      html`<button
          type="button"
          class="badge ${verdict}"
          aria-label=${`Parity: ${SAID[verdict]}${epoch === null ? "" : `, epoch ${plain(epoch)}`}. Show the receipt`}
          aria-haspopup="dialog"
          aria-expanded=${this.#open}
          aria-controls=${this.#id}
          @click=${this.#press}
          @pointerenter=${(event: PointerEvent) => event.pointerType === "mouse" && this.#later(true)}
          @pointerleave=${() => this.#later(false)}
        >
          ${icon(verdict)}<span class="badge-text">${SAID[verdict]}${at}</span>
        </button>
        <div
          popover
          id=${this.#id}
          class="receipt"
          role="dialog"
          aria-label="Parity receipt"
          @toggle=${this.#toggled}
          @pointerenter=${() => clearTimeout(this.#timer)}
          @pointerleave=${() => this.#later(false)}
        >
          ${this.#open ? this.#receipt(found) : nothing}
        </div>`,
      this,
    );
  }

  #receipt(found: Receipt[]): TemplateResult {
    const { verdict } = this.#spec;
    return html`<header class="receipt-head ${verdict}">${icon(verdict)} <strong>${EXPLAINED[verdict]}</strong></header>
      ${found.length ? receiptTable(found) : html`<p class="receipt-none">${this.#none()}</p>`}
      <footer>
        <button type="button" class="quiet" ?disabled=${this.#checking} @click=${this.#check}>
          ${this.#checking ? "Recomputing…" : "Check now"}
        </button>
        <span role="status">${this.#problem}</span>
      </footer>`;
  }

  #none(): string {
    return this.#fetching ? "Fetching the receipt…" : `No receipt yet for ${this.#spec.relations.join(", ") || "this"}.`;
  }

  #press = (): void => {
    clearTimeout(this.#timer);
    const close = this.#open && this.#pinned;
    this.#pinned = !close;
    this.#panel?.togglePopover(!close);
  };

  #later(show: boolean): void {
    clearTimeout(this.#timer);
    if (this.#pinned || (!show && !this.#open)) return;
    this.#timer = setTimeout(() => this.#panel?.togglePopover(show), HOVER_MS);
  }

  #toggled = (event: ToggleEvent): void => {
    this.#open = event.newState === "open";
    if (!this.#open) this.#pinned = false;
    if (this.#open) void this.#fetch();
    this.#draw();
    if (this.#open) this.#place();
  };

  /** Verdicts are pushed and receipts are asked for, so a verdict can be here before the receipt that it stands on. */
  async #fetch(): Promise<void> {
    this.#fetching = true;
    await receipts.refresh();
    this.#fetching = false;
    this.#draw();
    if (this.#open) this.#place();
  }

  /** Under the badge, inside the window; above it when there is no room below. */
  #place(): void {
    const panel = this.#panel;
    const badge = this.querySelector("button")?.getBoundingClientRect();
    if (!panel || !badge) return;
    const { offsetWidth: width, offsetHeight: height } = panel;
    const left = Math.max(8, Math.min(badge.right - width, innerWidth - width - 8));
    const below = badge.bottom + 6;
    const top = below + height > innerHeight - 8 ? Math.max(8, badge.top - height - 6) : below;
    panel.style.left = `${left}px`;
    panel.style.top = `${top}px`;
  }

  #check = async (): Promise<void> => {
    this.#checking = true;
    this.#problem = "";
    this.#draw();
    try {
      await receipts.check([...this.#spec.relations]);
    } catch (problem) {
      this.#problem = asFault(problem).what;
    }
    this.#checking = false;
    this.#draw();
  };
}

const EXPLAINED: Record<Verdict, string> = {
  equal: "Live and recomputed answers are equal",
  differs: "Live and recomputed answers differ",
  unproven: "Not yet recomputed and compared",
};

/** Receipts as a table, with the offsets and the snapshot they were taken at. */
export function receiptTable(found: readonly Receipt[]): TemplateResult {
  return html`<div class="receipt-rows">
    ${found.map(
      (receipt) => html`<section>
        <h4><span class="verdict ${receipt.equal ? "equal" : "differs"}">${icon(receipt.equal ? "equal" : "differs")}</span>
          <a href="/models/${receipt.model}">${receipt.model}</a></h4>
        <dl class="facts">
          <div><dt>Rows compared</dt><dd>${plain(receipt.rows)}</dd></div>
          <div><dt>Missing</dt><dd class=${receipt.missing ? "bad" : ""}>${plain(receipt.missing)}</dd></div>
          <div><dt>Extra</dt><dd class=${receipt.extra ? "bad" : ""}>${plain(receipt.extra)}</dd></div>
          <div><dt>Epoch</dt><dd>${plain(receipt.epoch)}</dd></div>
          <div><dt>Took</dt><dd>${duration(receipt.seconds)}</dd></div>
          <div><dt>Checked</dt><dd>${moment(receipt.checked_at, "second")} UTC</dd></div>
        </dl>
        <dl class="offsets">
          ${Object.entries(receipt.offsets ?? {}).map(([stream, next]) => {
            const snapshot = receipt.snapshot?.[stream];
            return html`<div>
              <dt>${stream}</dt>
              <dd>offset ${plain(next)}${snapshot === undefined ? nothing : html` · snapshot <span class="snapshot">${snapshot}</span>`}</dd>
            </div>`;
          })}
        </dl>
      </section>`,
    )}
  </div>`;
}

if (!customElements.get("parity-badge")) customElements.define("parity-badge", ParityBadge);
