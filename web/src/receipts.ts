import { get, post } from "./api.ts";
import type { Receipt, Verdict } from "./contract.ts";

const REFRESH_MS = 15_000;

/** The latest parity receipts, shared by every badge on the page. */
export class Receipts {
  #known = new Map<string, Receipt>();
  #listeners = new Set<() => void>();
  #timer: ReturnType<typeof setInterval> | undefined;

  of(relations: readonly string[]): Receipt[] {
    return relations.flatMap((name) => this.#known.get(name) ?? []);
  }

  all(): Receipt[] {
    return [...this.#known.values()];
  }

  watch(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  start(): void {
    this.#timer ??= setInterval(() => {
      if (!document.hidden) void this.refresh();
    }, REFRESH_MS);
    void this.refresh();
  }

  stop(): void {
    clearInterval(this.#timer);
    this.#timer = undefined;
  }

  /** A failed refresh leaves the receipts as they were: the page's own connection says that the node is gone. */
  async refresh(): Promise<void> {
    await get<{ models: Receipt[] }>("/v1/parity").then((answer) => this.#take(answer.models), () => undefined);
  }

  /** Recompute these models in batch now, and keep the receipts. Throws ApiError. */
  async check(models: string[]): Promise<void> {
    this.#take((await post<{ models: Receipt[] }>("/v1/parity", models.length ? { models } : {})).models);
  }

  #take(models: Receipt[]): void {
    for (const receipt of models) this.#known.set(receipt.model, receipt);
    for (const listener of this.#listeners) listener();
  }
}

export const receipts = new Receipts();

/** One verdict over several receipts: any difference shows; equal only when every one is there and equal. */
export function combined(found: readonly Receipt[], wanted: number): Verdict {
  if (found.some((receipt) => !receipt.equal)) return "differs";
  return wanted > 0 && found.length >= wanted ? "equal" : "unproven";
}

/** The oldest epoch that the receipts prove: what the whole answer is proven at. */
export function provenAt(found: readonly Receipt[]): number | null {
  return found.length === 0 ? null : Math.min(...found.map((receipt) => receipt.epoch));
}
