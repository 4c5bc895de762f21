import { html, nothing, render, svg, type SVGTemplateResult, type TemplateResult } from "lit-html";
import type { Display, Rows } from "../contract.ts";
import { measure, moment, shapeOf, show, unitOf } from "../format.ts";
import { change, headline, remember, sparkline, type Sample } from "../headline.ts";
import { label } from "../series.ts";
import { calm } from "../theme.ts";
import { icon } from "./icons.ts";

export interface StatSpec {
  display: Display;
  data: Rows;
}

const TWEEN_MS = 450;

/** `<head-stat .spec=${…}>`: one big number that glides to its next value, with what changed in the last minute. */
export class HeadStat extends HTMLElement {
  #spec: StatSpec | null = null;
  #seen: Sample[] = [];
  #shown: number | null = null;
  #frame = 0;

  set spec(spec: StatSpec) {
    if (spec.data === this.#spec?.data) return;
    this.#spec = spec;
    const value = headline(spec.display, spec.data).value;
    if (value !== null) this.#seen = remember(this.#seen, { at: performance.now(), value });
    this.#glide(value);
  }

  disconnectedCallback(): void {
    cancelAnimationFrame(this.#frame);
  }

  #glide(target: number | null): void {
    cancelAnimationFrame(this.#frame);
    const from = this.#shown;
    if (target === null || from === null || from === target || calm() || document.hidden) {
      this.#draw(target);
      return;
    }
    const start = performance.now();
    const whole = Number.isInteger(target);
    const tick = (now: number): void => {
      const t = Math.min(1, (now - start) / TWEEN_MS);
      const value = from + (target - from) * (1 - (1 - t) ** 3);
      this.#draw(t === 1 ? target : whole ? Math.round(value) : value);
      if (t < 1) this.#frame = requestAnimationFrame(tick);
    };
    this.#frame = requestAnimationFrame(tick);
  }

  #draw(value: number | null): void {
    this.#shown = value;
    const spec = this.#spec;
    if (!spec) return;
    const found = headline(spec.display, spec.data);
    const text = value === null ? found.text : this.#numberText(value, found.column);
    const samples = found.trail.length > 1 ? found.trail : this.#seen;
    const unit = value === null ? "" : unitOf(spec.display);
    render(
      html`<p class="stat-value" style="--chars:${text.length + 0.6 * unit.length}"><span>${text}</span>${unit ? html` <span class="unit">${unit}</span>` : nothing}</p>
        <div class="stat-foot">${value === null ? nothing : this.#cue(samples, found.trail.length > 1)}${this.#others(found.others)}${spark(samples)}</div>`,
      this,
    );
  }

  #numberText(value: number, column: Rows["columns"][number] | null): string {
    if (column && shapeOf(column.type) === "time") return moment(new Date(value).toISOString());
    return measure(value, this.#spec?.display ?? { format: null, unit: null });
  }

  #cue(samples: Sample[], ownTrail: boolean): TemplateResult | typeof nothing {
    const moved = change(samples);
    if (!moved) return nothing;
    const style = this.#spec?.display ?? { format: null, unit: null };
    const amount = measure(Math.abs(moved.by), style, true);
    if (amount === measure(0, style, true)) return nothing;
    const since = ownTrail ? "vs previous" : `in ${Math.max(1, Math.round(moved.over / 1000))} s`;
    return html`<span class="cue">${icon(moved.by > 0 ? "up" : "down")}${amount} <span class="cue-since">${since}</span></span>`;
  }

  #others(others: { column: Rows["columns"][number]; cell: Rows["rows"][number][number] | undefined }[]): TemplateResult {
    return html`${others.map(
      ({ column, cell }) => html`<span class="other">${label(column.name)} <b>${show(cell, column)}</b></span>`,
    )}`;
  }
}

function spark(samples: Sample[]): TemplateResult | typeof nothing {
  const points = sparkline(samples, 100, 18);
  if (!points) return nothing;
  const drawn: SVGTemplateResult = svg`<polyline points=${points} vector-effect="non-scaling-stroke"/>`;
  return html`<svg class="spark" viewBox="0 -1 100 20" preserveAspectRatio="none" aria-hidden="true">${drawn}</svg>`;
}

if (!customElements.get("head-stat")) customElements.define("head-stat", HeadStat);
