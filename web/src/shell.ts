import { html, nothing, type TemplateResult } from "lit-html";
import type { App } from "./app.ts";
import { moment, plain } from "./format.ts";
import { icon, type Icon } from "./parts/icons.ts";
import { choice, cycle } from "./theme.ts";

/** Everything around the page: navigation, the epoch, the theme, the banner when the node is gone. */
export function shell(app: App, title: string, body: TemplateResult | typeof nothing): TemplateResult {
  return html`<a class="skip" href="#main">Skip to content</a>
    <div class="shell">
      <nav id="nav" class="nav" aria-label="Project" popover=${narrow.matches ? "auto" : nothing} @click=${hideNav}>${navigation(app)}</nav>
      <div class="page">
        <header class="top">
          <button type="button" class="menu icon-button" popovertarget="nav" aria-label="Menu">${icon("menu")}</button>
          <h1>${title}</h1>
          ${pulse(app)} ${themeButton()}
        </header>
        ${app.connection === "lost" ? banner(app) : nothing}
        <main id="main" tabindex="-1">${body}</main>
      </div>
    </div>`;
}

// The build writes the address into the page: it carries a hash, as every asset's does.
const licenses = document.querySelector<HTMLLinkElement>("link[rel=license]")?.href ?? "";

/** Below this width the navigation is a drawer. */
export const narrow = matchMedia("(max-width: 900px)");

function hideNav(event: Event): void {
  const nav = event.currentTarget as HTMLElement;
  if ((event.target as Element).closest("a, .nav-close") && nav.hasAttribute("popover")) nav.hidePopover();
}

function navigation({ project }: App): TemplateResult {
  return html`<a class="brand" href="/">${logo()}<span><b>${project.name}</b><small>Headrace</small></span></a>
    <button type="button" class="nav-close icon-button" aria-label="Close menu">${icon("close")}</button>
    ${group("", [
      { href: "/", text: "Overview", icon: "home" },
      { href: "/flow", text: "Flow", icon: "flow" },
      ...(project.pattern === "mesh" ? [{ href: "/products", text: "Products", icon: "product" } as const] : []),
      { href: "/sql", text: "SQL", icon: "sql" },
    ])}
    ${group("Dashboards", project.dashboards.map((one) => ({ href: `/dashboards/${one.name}`, text: one.title || one.name, icon: "board" })))}
    ${group("Reports", project.reports.map((one) => ({ href: `/reports/${one.name}`, text: one.title || one.name, icon: "page" })))}
    ${group("Models", project.models.map((one) => ({ href: `/models/${one.name}`, text: one.name, icon: "model" })), "code")}
    <footer class="nav-foot">
      <span>Headrace ${project.version}</span>
      <a href=${licenses} target="_blank" rel="noopener">Licenses</a>
    </footer>`;
}

interface Entry {
  href: string;
  text: string;
  icon: Icon;
}

function group(title: string, entries: Entry[], kind = ""): TemplateResult | typeof nothing {
  if (entries.length === 0) return nothing;
  return html`<div class="nav-group ${kind}">
    ${title ? html`<h2>${title}</h2>` : nothing}
    <ul>
      ${entries.map(
        (entry) => html`<li>
          <a href=${entry.href} title=${entry.text} aria-current=${location.pathname === entry.href ? "page" : nothing}>
            ${icon(entry.icon)}<span>${entry.text}</span>
          </a>
        </li>`,
      )}
    </ul>
  </div>`;
}

/** The epoch, its time and the speed. Not a live region: it changes every second. */
function pulse({ connection, tick, project }: App): TemplateResult {
  const clock = project.clock === "event_time" ? "Event time" : "Epoch time";
  const said = { live: "Live", lost: "Offline", connecting: "Connecting" }[connection];
  return html`<div class="pulse ${connection}">
    <span class="lamp"><i></i>${said}</span>
    <dl>
      <div class="p-epoch"><dt>Epoch</dt><dd>${tick ? plain(tick.epoch) : "–"}</dd></div>
      <div class="p-time"><dt>${clock}, UTC</dt><dd>${tick?.time ? moment(tick.time, "second") : "–"}</dd></div>
      <div class="p-rate"><dt>Rows/s</dt><dd>${tick ? plain(Math.round(tick.rows_per_second)) : "–"}</dd></div>
      <div class="p-lag"><dt>Lag</dt><dd>${tick ? plain(tick.lag_rows) : "–"}</dd></div>
    </dl>
  </div>`;
}

function themeButton(): TemplateResult {
  const now = choice();
  return html`<button type="button" class="icon-button" @click=${cycle} title="Theme: ${now}" aria-label="Theme: ${now}. Change theme">
    ${icon(now)}
  </button>`;
}

function banner({ tick }: App): TemplateResult {
  const asOf = tick?.time ? html` What you see is as of <b>${moment(tick.time, "second")} UTC</b>, epoch ${plain(tick.epoch)}.` : nothing;
  return html`<div class="banner" role="alert">${icon("alert")}<span><b>Connection lost.</b>${asOf} Reconnecting…</span></div>`;
}

function logo(): TemplateResult {
  return html`<svg class="logo" viewBox="0 0 32 32" aria-hidden="true">
    <rect width="32" height="32" rx="8" fill="#0b6b88" />
    <path d="M9.5 6.5v19M22.5 6.5v19" stroke="#fff" stroke-width="3.6" stroke-linecap="round" />
    <path d="M9.5 16c2.2-2.6 4.3-2.6 6.5 0s4.3 2.6 6.5 0" fill="none" stroke="#8fe3f2" stroke-width="3.2" stroke-linecap="round" />
  </svg>`;
}

/** There is no session: only the link that `run` printed makes one. */
export function locked(): TemplateResult {
  return html`<main class="locked">
    ${logo()}
    <h1>Open the link that <code>headrace run</code> printed</h1>
    <p>It carries the key to this project and signs this browser in. You will find it in the terminal where the node is running:</p>
    <pre>${location.origin}/login?token=…</pre>
    <p class="muted">Then this page works too, until the node makes a new key.</p>
  </main>`;
}
