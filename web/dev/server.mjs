// The pages against made-up data, by the contract of serve/: `npm run build`, `npm run dev`, then open the link that it prints.
// PROJECT=empty shows a project in which nothing is declared yet.
import { createServer } from "node:http";
import { readFile } from "node:fs/promises";
import { dirname, extname, join, normalize } from "node:path";
import { fileURLToPath } from "node:url";
import * as fixture from "./fixture.mjs";

const root = process.env.HEADRACE_STATIC ?? join(dirname(fileURLToPath(import.meta.url)), "../../src/headrace/serve/static");
const port = Number(process.env.PORT ?? 8650);
const empty = process.env.PROJECT === "empty";
const TOKEN = "dev";
const TYPES = { ".html": "text/html; charset=utf-8", ".js": "text/javascript", ".css": "text/css", ".svg": "image/svg+xml", ".woff2": "font/woff2", ".txt": "text/plain; charset=utf-8" };
const CSP = "default-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:";
const started = Date.now();
const tick = () => 40 + Math.floor((Date.now() - started) / 1000);

const bare = { ...fixture.project, name: "untitled", description: "", sources: [], models: [], dashboards: [], reports: [] };
const project = empty ? bare : fixture.project;

createServer((request, response) => {
  answer(request, response).catch((problem) => fault(response, 500, { code: "HR-899", what: String(problem), where: null, state: "", fix: "" }));
}).listen(port, "127.0.0.1", () => console.log(`http://127.0.0.1:${port}/login?token=${TOKEN}`));

async function answer(request, response) {
  const url = new URL(request.url, "http://localhost");
  if (url.pathname === "/login") return login(url, response);
  if (!url.pathname.startsWith("/v1/")) return file(url.pathname, response);
  if (!/headrace=dev/.test(request.headers.cookie ?? "")) {
    return fault(response, 401, { code: "HR-901", what: "Nobody is signed in", where: null, state: "", fix: "Open the link that `headrace run` printed." });
  }
  const [, , kind, ...rest] = url.pathname.split("/");
  const name = rest[0] ?? "";
  if (kind === "project") return json(response, project);
  if (kind === "status") return name === "live" ? statusLive(request, response) : json(response, status());
  if (kind === "lineage") return json(response, empty ? { nodes: [], edges: [] } : fixture.lineage());
  if (kind === "parity") return parity(request, response);
  if (kind === "sql") return sql(request, response);
  if (kind === "models") return found(response, fixture.model(name, tick()), "model", name);
  if (kind === "dashboards" && rest[1] === "live") return tilesLive(request, response, name);
  if (kind === "dashboards") return found(response, fixture.dashboards[name], "dashboard", name);
  if (kind === "reports" && name.endsWith(".csv")) return csv(url, response);
  if (kind === "reports") return found(response, name === "monthly_on_time" ? fixture.report(url.searchParams, tick()) : null, "report", name);
  return fault(response, 404, { code: "HR-142", what: `There is nothing at ${url.pathname}`, where: null, state: "", fix: "" });
}

const status = () => (empty ? { ...fixture.status(tick()), sources: [], models: [], rows_per_second: 0 } : fixture.status(tick()));

function login(url, response) {
  if (url.searchParams.get("token") !== TOKEN) return fault(response, 401, { code: "HR-901", what: "This link is not valid", where: null, state: "", fix: "" });
  response.writeHead(303, { location: "/", "set-cookie": "headrace=dev; HttpOnly; SameSite=Strict; Path=/" });
  response.end();
}

async function file(path, response) {
  const asset = path.startsWith("/assets/") ? normalize(path) : "/index.html";
  const body = await readFile(join(root, asset)).catch(() => null);
  response.writeHead(body ? 200 : 404, { "content-type": TYPES[extname(asset)] ?? "application/octet-stream", "content-security-policy": CSP });
  response.end(body ?? "not found");
}

function json(response, value, code = 200) {
  response.writeHead(code, { "content-type": "application/json" });
  response.end(JSON.stringify(value));
}

function fault(response, code, error) {
  json(response, { error }, code);
}

function found(response, value, kind, name) {
  if (value) return json(response, value);
  return fault(response, 404, { code: "HR-141", what: `There is no ${kind} named ${name}`, where: null, state: "Nothing was changed.", fix: `Known: see the overview.` });
}

async function body(request) {
  let text = "";
  for await (const part of request) text += part;
  return text ? JSON.parse(text) : {};
}

async function parity(request, response) {
  if (empty) return json(response, { models: [] });
  if (request.method !== "POST") return json(response, fixture.receipts(tick()));
  const { models } = await body(request);
  await new Promise((resolve) => setTimeout(resolve, 900));
  json(response, fixture.receipts(tick(), models));
}

async function sql(request, response) {
  const made = fixture.answer((await body(request)).sql, tick());
  json(response, made, made.error ? 400 : 200);
}

function csv(url, response) {
  const section = fixture.report(url.searchParams, tick()).sections[Number(url.searchParams.get("section"))];
  response.writeHead(200, { "content-type": "text/csv; charset=utf-8" });
  response.end([section.columns.map(({ name }) => name), ...section.rows].map((row) => `${row.join(",")}\r\n`).join(""));
}

function stream(request, response, every) {
  response.writeHead(200, { "content-type": "text/event-stream", "cache-control": "no-store" });
  const send = (event, data) => response.write(`event: ${event}\ndata: ${JSON.stringify(data)}\n\n`);
  every(send, true);
  const timer = setInterval(() => every(send, false), 1000);
  request.on("close", () => clearInterval(timer));
}

function statusLive(request, response) {
  stream(request, response, (send) => send("status", status()));
}

function tilesLive(request, response, name) {
  const { tiles } = fixture.dashboards[name];
  stream(request, response, (send, first) => {
    const now = tick();
    for (const { id } of tiles) {
      if (id === "broken") first && send("error", { tile: id, error: { code: "HR-302", what: "There is no column named aircraft", where: null, state: "", fix: "" } });
      else if (first || now % (fixture.due[id] ?? Infinity) === 0) send("tile", fixture.tileData(id, now));
    }
    const { epoch, as_of, complete_to, rps } = fixture.at(now);
    send("epoch", { epoch, time: as_of, as_of, complete_to, rows_per_second: rps, lag_rows: 0 });
  });
}
