// A screenshot of every page, in light and dark, 1440 and 390 wide, of the server at BASE_URL (signed in with TOKEN) into OUT.
// Also a PDF of each report. Fails when a page logs an error. PAGES=/flow,/sql takes only some; MODES=dark, WIDTHS=390 likewise.
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { chromium } from "playwright-core";

const base = process.env.BASE_URL ?? "http://127.0.0.1:8650";
const token = process.env.TOKEN ?? "dev";
const out = process.env.OUT ?? "dev/shots";
const list = (name, all) => process.env[name]?.split(",") ?? all;
const QUIET = ["--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync", "--disable-gpu"];
const SETTLE_MS = Number(process.env.SETTLE_MS ?? 3500);

await mkdir(out, { recursive: true });
const browser = await chromium.launch({ executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium", args: ["--no-sandbox", ...QUIET] });
const problems = [];
try {
  for (const mode of list("MODES", ["light", "dark"])) {
    for (const width of list("WIDTHS", ["1440", "390"]).map(Number)) await take(mode, width);
  }
} finally {
  await browser.close();
}
for (const problem of problems) console.error(problem);
process.exitCode = problems.length ? 1 : 0;

async function take(mode, width) {
  const phone = width < 700;
  const context = await browser.newContext({
    colorScheme: mode,
    viewport: { width, height: phone ? 844 : 900 },
    deviceScaleFactor: Number(process.env.SCALE ?? 1),
    hasTouch: phone,
  });
  const page = await context.newPage();
  page.on("pageerror", (error) => problems.push(`${page.url()}: ${error.message}`));
  page.on("console", (message) => message.type() === "error" && problems.push(`${page.url()}: ${message.text()}`));
  await page.goto(`${base}/login?token=${encodeURIComponent(token)}`);
  for (const path of list("PAGES", await everyPage(page))) {
    await page.goto(base + path);
    await page.waitForTimeout(SETTLE_MS);
    await tooWide(page, path, width);
    const name = path.replace(/[?].*/, "").replace(/^\/|\/$/g, "").replaceAll("/", "-") || "home";
    await page.screenshot({ path: join(out, `${name}-${mode}-${width}.png`), fullPage: true });
    if (path.startsWith("/reports/") && mode === "light" && !phone) await page.pdf({ path: join(out, `${name}.pdf`), preferCSSPageSize: true, printBackground: true });
  }
  await context.close();
}

/** Every address of the project, with one model standing for all. */
async function everyPage(page) {
  const project = await page.evaluate(() => fetch("/v1/project").then((response) => response.json()));
  const names = (kind, items) => items.map(({ name }) => `/${kind}/${name}`);
  const model = names("models", project.models).slice(0, 1);
  const query = project.models.slice(0, 1).map(({ name }) => `/sql?q=${encodeURIComponent(`select *\nfrom ${name}\nlimit 100`)}`);
  return ["/", ...names("dashboards", project.dashboards), ...names("reports", project.reports), "/flow", ...model, ...(query.length ? query : ["/sql"])];
}

/** Nothing but marked regions may scroll sideways. */
async function tooWide(page, path, width) {
  const wide = await page.evaluate(() => document.documentElement.scrollWidth);
  if (wide > width) problems.push(`${path}: the page is ${wide} wide in a window of ${width}`);
}
