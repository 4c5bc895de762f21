import "@fontsource-variable/inter/index.css";
import "./style/index.css";
import { html, nothing, render, type TemplateResult } from "lit-html";
import { ApiError, asFault, get } from "./api.ts";
import type { App, OpenPage, Page, Tick } from "./app.ts";
import type { Project } from "./contract.ts";
import { follow, type Connection } from "./live.ts";
import { faultCard, loading } from "./parts/notices.ts";
import { receipts } from "./receipts.ts";
import { locate } from "./routes.ts";
import { locked, narrow, shell } from "./shell.ts";
import { onThemeChange } from "./theme.ts";

const PAGES: Record<string, () => Promise<{ open: OpenPage }>> = {
  home: () => import("./pages/home.ts"),
  dashboard: () => import("./pages/dashboard.ts"),
  report: () => import("./pages/report.ts"),
  model: () => import("./pages/model.ts"),
  flow: () => import("./pages/flow.ts"),
  products: () => import("./pages/products.ts"),
  sql: () => import("./pages/sql.ts"),
  missing: () => import("./pages/missing.ts"),
};

/** The one running application: it owns the address, the page in view and the redraw. */
class Headrace implements App {
  project!: Project;
  connection: Connection = "connecting";
  tick: Tick | null = null;
  #page: Page | null = null;
  #root = document.getElementById("app") as HTMLElement;
  #pending = false;
  #visit = 0;
  #locked = false;

  async start(): Promise<void> {
    render(html`<div class="boot">${loading("the project")}</div>`, this.#root);
    try {
      this.project = await get<Project>("/v1/project");
    } catch (problem) {
      if (!this.failed(problem)) render(html`<main class="boot">${faultCard(asFault(problem))}</main>`, this.#root);
      return;
    }
    receipts.start();
    receipts.watch(() => this.redraw());
    onThemeChange(() => this.redraw());
    narrow.addEventListener("change", () => this.redraw());
    addEventListener("popstate", () => void this.#show());
    document.addEventListener("click", (event) => this.#clicked(event));
    await this.#show();
  }

  async #show(): Promise<void> {
    const visit = ++this.#visit;
    this.#page?.close();
    this.#page = null;
    this.redraw();
    const { page, name } = locate(location.pathname);
    const { open } = await (PAGES[page] as () => Promise<{ open: OpenPage }>)();
    if (visit !== this.#visit) return;
    this.#page = open(this, name, new URLSearchParams(location.search));
    this.redraw();
  }

  /** Links inside the app change the page without a reload; everything else is the browser's. */
  #clicked(event: MouseEvent): void {
    const link = (event.target as Element | null)?.closest?.("a[href]") as HTMLAnchorElement | null;
    if (!link || event.button !== 0 || event.defaultPrevented) return;
    if (event.metaKey || event.ctrlKey || event.shiftKey || event.altKey || link.target || link.hasAttribute("download")) return;
    if (link.origin !== location.origin || link.pathname.startsWith("/v1/") || link.pathname.startsWith("/assets/")) return;
    if (link.hash && link.pathname === location.pathname) return;
    event.preventDefault();
    if (link.href !== location.href) history.pushState(null, "", link.href);
    scrollTo(0, 0);
    void this.#show().then(() => document.getElementById("main")?.focus({ preventScroll: true }));
  }

  redraw(): void {
    if (this.#pending) return;
    this.#pending = true;
    requestAnimationFrame(() => {
      this.#pending = false;
      this.#draw();
    });
  }

  #draw(): void {
    if (this.#locked) return;
    const title = this.#page?.title() ?? "";
    document.title = [title, this.project.name, "Headrace"].filter(Boolean).join(" · ");
    const body: TemplateResult | typeof nothing = this.#page ? this.#page.view() : loading("the page");
    render(shell(this, title, body), this.#root);
  }

  ticked(tick: Tick): void {
    this.tick = tick;
    this.redraw();
  }

  follow(url: string, on: Record<string, (data: never) => void>): () => void {
    return follow(url, {
      on,
      state: (connection) => {
        if (connection === this.connection) return;
        this.connection = connection;
        this.redraw();
      },
      unauthorised: () => this.#lock(),
    });
  }

  readdress(search: URLSearchParams): void {
    const query = search.toString();
    history.replaceState(null, "", query ? `${location.pathname}?${query}` : location.pathname);
  }

  failed(problem: unknown): boolean {
    if (!(problem instanceof ApiError) || problem.status !== 401) return false;
    this.#lock();
    return true;
  }

  #lock(): void {
    this.#locked = true;
    receipts.stop();
    this.#page?.close();
    document.title = "Headrace";
    render(locked(), this.#root);
  }
}

void new Headrace().start();
