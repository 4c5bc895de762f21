// A made-up flights project: seeded, so that two runs show the same numbers. Simulated time runs five minutes a second.
const START = Date.UTC(2013, 2, 14, 6, 0);
const MINUTE = 60_000;

export function seeded(seed) {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}

const AIRPORTS = ["EWR", "JFK", "LGA"];
const CARRIERS = ["American", "Delta", "ExpressJet", "JetBlue", "Southwest", "United", "US Airways"];
const ROUTES = ["EWR → CAE", "EWR → TYS", "LGA → JAC", "EWR → TUL", "EWR → OKC", "JFK → CVG", "LGA → BHM", "EWR → RIC", "LGA → DSM", "JFK → MSN"];
const column = (name, type) => ({ name, type });
const iso = (ms) => new Date(ms).toISOString();
const wave = (hour) => Math.max(0, Math.sin(((hour - 4) / 20) * Math.PI)) ** 0.6;

const DESCRIBED = {
  delays_by_hour: ["Departures and their mean delay by hour and airport", "linear, bilinear, algebraic"],
  carrier_last_3h: ["What every carrier did in the last three hours", "linear, algebraic, time"],
  carrier_route_delay: ["Delay by carrier and route", "bilinear, algebraic"],
  flight_weather: ["Each flight beside the weather of its hour", "bilinear"],
  worst_routes: ["The ten routes with the highest mean delay", "algebraic, whole"],
  aircraft_use: ["Hours in the air per aircraft", "bilinear, algebraic"],
  monthly_on_time: ["On-time share by month and carrier", "algebraic"],
  weather_cancellations: ["Cancellations by what the weather was", "bilinear, algebraic"],
  flight_state: ["The latest event of every flight", "keyed"],
  airport_hour: ["Movements by airport and hour of the day", "algebraic"],
  late_aircraft: ["Aircraft that start their day late", "keyed, algebraic"],
  punctuality: ["One row: the state of the day", "algebraic"],
};

export const project = {
  name: "flights",
  description: "All 336,776 departures from New York's three airports in 2013, replayed as they happened, with the hourly weather.",
  pattern: "kappa",
  clock: "event_time",
  version: "0.1.0",
  sources: [
    { name: "flights_events", kind: "replay", description: "Scheduled, departed, arrived, cancelled" },
    { name: "weather", kind: "replay", description: "Hourly readings at each airport" },
    { name: "airlines", kind: "file", description: "Carrier codes and names" },
    { name: "airports", kind: "file", description: "Where every airport is" },
    { name: "planes", kind: "file", description: "Tail numbers, makers, seats" },
  ],
  models: Object.entries(DESCRIBED).map(([name, [description, rule_summary]]) => ({
    name,
    description,
    owner: "operations",
    columns: name === "flight_weather" ? { flight_id: "BIGINT", departed: "TIMESTAMP", wind_speed: "DOUBLE", visib: "DOUBLE" } : { hour: "TIMESTAMP", origin: "VARCHAR", flights: "BIGINT", mean_delay: "DOUBLE", on_time: "DECIMAL(9,4)" },
    rule_summary,
  })),
  dashboards: [
    { name: "operations", title: "Operations", description: "Departures from New York as they happen, against the plan and the weather." },
    { name: "history", title: "History", description: "The year so far: seasons, carriers and routes." },
  ],
  reports: [{ name: "monthly_on_time", title: "Monthly on-time report" }],
};

const tile = (id, title, kind, width, height, more = {}) => ({
  id, title, kind, width, height, description: "", x: null, y: [], series: null, unit: null, format: null, relations: ["delays_by_hour"], ...more,
});

export const dashboards = {
  operations: {
    ...project.dashboards[0],
    tiles: [
      tile("departed", "Departed today", "stat", 2, 2, { y: ["flights"], relations: ["punctuality"] }),
      tile("in_air", "In the air now", "stat", 2, 2, { y: ["flights"], relations: ["flight_state"] }),
      tile("on_time", "On time today", "stat", 2, 2, { y: ["share", "late"], format: "percent", relations: ["punctuality"] }),
      tile("delay", "Mean delay, last 3 h", "stat", 2, 2, { y: ["delay"], format: "duration", unit: "minutes", relations: ["carrier_last_3h"] }),
      tile("cancelled", "Cancelled today", "stat", 2, 2, { y: ["flights"], unit: "flights", relations: ["weather_cancellations"] }),
      tile("wind", "Wind, JFK", "stat", 2, 2, { x: "hour", y: ["wind"], unit: "mph", relations: ["weather"] }),
      tile("by_hour", "Departures by hour", "area", 8, 5, { x: "hour", y: ["flights"], series: "origin", unit: "flights", description: "Departures in each hour, by airport" }),
      tile("carriers", "Delay by carrier, last 3 h", "bar", 4, 5, { x: "carrier", y: ["delay"], unit: "min", relations: ["carrier_last_3h"] }),
      tile("delay_line", "Mean departure delay", "line", 6, 5, { x: "hour", y: ["delay"], series: "origin", unit: "minutes" }),
      tile("worst", "Ten worst routes", "table", 3, 5, { y: ["mean_delay"], unit: "min", relations: ["worst_routes"] }),
      tile("events", "Events by minute", "bar", 3, 5, { x: "minute", y: ["events"], relations: ["flights_events"] }),
    ],
  },
  history: {
    ...project.dashboards[1],
    tiles: [
      tile("heat", "Delay by weekday and hour", "heatmap", 12, 5, { x: "hour", y: ["delay"], series: "weekday", unit: "min", relations: ["airport_hour"] }),
      tile("months", "On-time share by carrier", "line", 6, 5, { x: "month", y: ["share"], series: "carrier", format: "percent", relations: ["monthly_on_time"] }),
      tile("causes", "Cancellations by weather", "bar", 6, 5, { x: "month", y: ["flights"], series: "weather", relations: ["weather_cancellations"] }),
      tile("use", "Aircraft in use", "area", 4, 4, { x: "day", y: ["aircraft"], relations: ["aircraft_use"] }),
      tile("broken", "A tile that fails", "line", 4, 4, { x: "day", y: ["aircraft"], relations: ["aircraft_use"] }),
      tile("nothing", "A tile without rows", "table", 4, 4, { relations: ["late_aircraft"] }),
    ],
  },
};

/** The state of the simulation after `tick` seconds. */
export function at(tick) {
  const now = START + tick * 5 * MINUTE;
  const hour = Math.floor(now / (60 * MINUTE)) * 60 * MINUTE;
  const epoch = 12_480 + tick;
  return { tick, now, hour, epoch, as_of: iso(now), complete_to: iso(hour), rps: Math.round(4800 + 900 * Math.sin(tick / 7) + 300 * seeded(tick)()) };
}

export function status(tick) {
  const { epoch, as_of, complete_to, rps, hour } = at(tick);
  const read = (base, rate) => base + rate * tick;
  return {
    epoch, time: as_of, complete_to, epochs_per_second: 9.6, rows_per_second: rps, lag_rows: tick % 5 === 0 ? 240 : 0,
    sources: [
      { name: "flights_events", read: read(612_000, 4700), kept: read(611_996, 4700), rejected: 4, late: 12, lag_rows: 0, watermark: iso(hour + 55 * MINUTE) },
      { name: "weather", read: read(18_300, 160), kept: read(18_300, 160), rejected: 0, late: 0, lag_rows: 0, watermark: complete_to },
      { name: "airlines", read: 16, kept: 16, rejected: 0, late: 0, lag_rows: 0, watermark: null },
      { name: "airports", read: 1458, kept: 1458, rejected: 0, late: 0, lag_rows: 0, watermark: null },
      { name: "planes", read: 3322, kept: 3322, rejected: 0, late: 0, lag_rows: 0, watermark: null },
    ],
    models: Object.keys(DESCRIBED).map((name, i) => ({ name, rows: name === "punctuality" ? 1 : 240 * (i + 1) ** 2 + 3 * tick, complete_to })),
  };
}

const unproven = new Set(["late_aircraft"]);
const differs = new Set(["aircraft_use"]);
const checked = new Map();
export const verdict = (model) => (unproven.has(model) ? "unproven" : differs.has(model) ? "differs" : "equal");

export function receipts(tick, models) {
  for (const model of models ?? []) {
    unproven.delete(model);
    checked.set(model, at(tick).epoch);
  }
  const { epoch } = at(Math.floor(tick / 30) * 30);
  return {
    models: Object.keys(DESCRIBED).filter((name) => !unproven.has(name)).map((model, i) => ({
      model, equal: !differs.has(model), missing: differs.has(model) ? 2 : 0, extra: differs.has(model) ? 1 : 0,
      epoch: checked.get(model) ?? epoch - 4, seconds: 0.18 + 0.21 * i, rows: 240 * (i + 1) ** 2, checked_at: iso(Date.UTC(2026, 0, 9, 12, tick % 60)),
      offsets: { flights_events: 612_000 + 4700 * tick, weather: 18_300 }, snapshot: { flights_events: 7204117583204477000, weather: 551274 },
    })),
  };
}

export function tileData(id, tick) {
  const { now, hour, epoch, as_of, complete_to } = at(tick);
  const found = Object.values(dashboards).flatMap(({ tiles }) => tiles).find((one) => one.id === id);
  const models = found.relations.map(verdict);
  const parity = models.includes("differs") ? "differs" : models.includes("unproven") ? "unproven" : "equal";
  return { tile: id, ...rows(id, tick, now, hour), epoch, as_of, complete_to, parity, stale: false };
}

/** Which tiles an epoch changes. */
export const due = { departed: 1, in_air: 1, on_time: 2, delay: 3, cancelled: 9, wind: 12, by_hour: 1, carriers: 2, delay_line: 3, worst: 4, events: 1 };

function rows(id, tick, now, hour) {
  const one = (name, type, ...values) => ({ columns: [column(name, type)], rows: values.map((v) => [v]) });
  const hours = (n) => Array.from({ length: n }, (_, i) => hour - (n - 1 - i) * 60 * MINUTE);
  const noise = seeded(tick * 31 + 7);
  switch (id) {
    case "departed": return one("flights", "BIGINT", 214 + tick * 4);
    case "in_air": return one("flights", "BIGINT", Math.round(96 + 14 * Math.sin(tick / 9)));
    case "on_time": return { columns: [column("share", "DOUBLE"), column("late", "BIGINT")], rows: [[0.793 + 0.02 * Math.sin(tick / 11), 61 + Math.floor(tick / 3)]] };
    case "delay": return one("delay", "DOUBLE", 14.2 + 5 * Math.sin(tick / 13));
    case "cancelled": return one("flights", "BIGINT", 7 + Math.floor(tick / 9));
    case "wind": return { columns: [column("hour", "TIMESTAMP"), column("wind", "DOUBLE")], rows: hours(18).map((h, i) => [iso(h), 11.5 + 5 * Math.sin(i / 3) + (i % 4)]) };
    case "by_hour": return { columns: [column("hour", "TIMESTAMP"), column("origin", "VARCHAR"), column("flights", "BIGINT")], rows: hours(48).flatMap((h) => AIRPORTS.map((a, i) => [iso(h), a, Math.round((16 + 5 * i) * wave(new Date(h).getUTCHours()) * (h === hour ? (now - hour) / 3_600_000 : 1) + seeded(h / MINUTE + i)() * 3)])) };
    case "carriers": return { columns: [column("carrier", "VARCHAR"), column("delay", "DOUBLE")], rows: CARRIERS.map((c, i) => [c, 24 - 2.9 * i + 3 * noise()]).sort((a, b) => b[1] - a[1]) };
    case "delay_line": return { columns: [column("hour", "TIMESTAMP"), column("origin", "VARCHAR"), column("delay", "DOUBLE")], rows: hours(36).flatMap((h) => AIRPORTS.map((a, i) => [iso(h), a, 9 + 4 * i + 9 * wave(new Date(h).getUTCHours()) + 5 * seeded(h / MINUTE + 9 * i)()])) };
    case "worst": return { columns: [column("route", "VARCHAR"), column("flights", "BIGINT"), column("mean_delay", "DOUBLE")], rows: ROUTES.map((r, i) => [r, 58 + 13 * i + (tick % 7), 41.6 - 2.2 * i + noise()]) };
    case "events": return { columns: [column("minute", "TIMESTAMP"), column("events", "BIGINT")], rows: Array.from({ length: 30 }, (_, i) => [iso(now - (29 - i) * 5 * MINUTE), Math.round(18 + 14 * seeded((now - (29 - i) * 5 * MINUTE) / MINUTE)())]) };
    case "heat": return { columns: [column("weekday", "VARCHAR"), column("hour", "BIGINT"), column("delay", "DOUBLE")], rows: ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"].flatMap((d, i) => Array.from({ length: 19 }, (_, h) => [d, h + 5, 3 + h * 1.3 + (i === 4 ? 5 : 0) - (i === 5 ? 4 : 0) + 3 * seeded(i * 40 + h)()])) };
    case "months": return { columns: [column("month", "DATE"), column("carrier", "VARCHAR"), column("share", "DOUBLE")], rows: Array.from({ length: 12 }, (_, m) => CARRIERS.map((c, i) => [iso(Date.UTC(2013, m)).slice(0, 10), c, 0.84 - 0.02 * i - 0.09 * Math.exp(-(((m - 6) / 1.6) ** 2)) + 0.03 * seeded(m * 9 + i)()])).flat() };
    case "causes": return { columns: [column("month", "DATE"), column("weather", "VARCHAR"), column("flights", "BIGINT")], rows: Array.from({ length: 12 }, (_, m) => ["snow", "storm", "fog", "clear"].map((w, i) => [iso(Date.UTC(2013, m)).slice(0, 10), w, Math.round([m < 3 || m > 10 ? 180 : 0, m > 4 && m < 9 ? 150 : 30, 45, 120][i] * (0.6 + 0.8 * seeded(m * 7 + i)()))])).flat() };
    case "use": return { columns: [column("day", "DATE"), column("aircraft", "BIGINT")], rows: Array.from({ length: 60 }, (_, d) => [iso(Date.UTC(2013, 0, 14 + d)).slice(0, 10), Math.round(690 - (d % 7 === 5 ? 120 : 0) + 40 * seeded(d)())]) };
    default: return { columns: [column("tail", "VARCHAR"), column("first_delay", "DOUBLE")], rows: [] };
  }
}

const SQL = `-- Departures and their mean delay, kept up to date as events arrive.
select
    time_bucket(interval 1 hour, e.departed) as hour,
    e.origin,
    count(*)                                 as flights,
    avg(e.delay_minutes)                     as mean_delay,
    avg((e.delay_minutes < 15)::int)         as on_time
from flights_events e
join airlines a using (carrier)
where e.kind = 'departed'
  and a.name <> 'Envoy Air'
group by all
`;

export function model(name, tick) {
  const found = project.models.find((one) => one.name === name);
  if (!found) return null;
  const now = status(tick).models.find((one) => one.name === name);
  return {
    name, sql: SQL, description: found.description, columns: found.columns, parity: receipts(tick).models.find((one) => one.model === name) ?? null, rows: now.rows, complete_to: now.complete_to,
    explain: {
      incremental: true, key: ["hour", "origin"], append_only: false, timely: name === "carrier_last_3h",
      rules: [
        { operator: "aggregate by hour, origin", rule: "algebraic", reason: "count and avg merge with what is kept; a retraction subtracts", detail: "keys: hour, origin", state: [{ name: "groups", bound: "one row per hour and airport; sealed two hours behind the watermark" }], depth: 0 },
        { operator: "project", rule: "linear", reason: "a change of the input is a change of the output", detail: "", state: [], depth: 1 },
        { operator: "inner join on carrier", rule: "bilinear", reason: "change of events with airlines, plus new events with the change of airlines", detail: "equi-join, airlines is small", state: [{ name: "airlines_side", bound: "as large as airlines" }], depth: 2 },
        { operator: "filter kind = 'departed'", rule: "linear", reason: "keeps or drops each changed row by itself", detail: "", state: [], depth: 3 },
        { operator: "top 10 by mean_delay", rule: "whole", reason: "a global order and limit: recomputed over the groups and the difference sent on", detail: "", state: [], depth: 1 },
      ],
    },
  };
}

export function answer(sql, tick) {
  const { epoch, as_of, complete_to, now } = at(tick);
  const wrong = /\b(frm|selct|nope)\b/i.exec(sql);
  if (wrong) {
    const before = sql.slice(0, wrong.index);
    const line = before.split("\n").length;
    const place = { path: "<query>", line, column: wrong.index - before.lastIndexOf("\n") };
    return { error: { code: "HR-301", what: `I do not understand “${wrong[0]}” here`, where: place, state: "Nothing was run.", fix: wrong[0].toLowerCase() === "nope" ? "Known relations: flights_events, weather, delays_by_hour." : "Check the spelling of the keyword." } };
  }
  const columns = [column("hour", "TIMESTAMP"), column("origin", "VARCHAR"), column("flight_id", "BIGINT"), column("tail", "VARCHAR"), column("delay", "DOUBLE"), column("cancelled", "BOOLEAN"), column("seats", "INTEGER")];
  const random = seeded(5);
  const made = Array.from({ length: /limit 50\b/i.test(sql) ? 50 : 100 }, (_, i) => [iso(now - i * 17 * MINUTE), AIRPORTS[i % 3], 100_000 + i * 37, random() < 0.1 ? null : `N${Math.floor(10_000 + random() * 80_000)}`, Math.round((random() * 70 - 9) * 10) / 10, random() < 0.05, 50 + Math.floor(random() * 300)]);
  return { columns, rows: made, epoch, as_of, complete_to, parity: "equal", relations: ["delays_by_hour"] };
}

export function report(search, tick) {
  const { epoch, as_of, complete_to } = at(tick);
  const months = Array.from({ length: 12 }, (_, m) => iso(Date.UTC(2013, m)).slice(0, 10));
  const month = search.get("month") ?? months[1];
  const origin = search.get("origin") ?? "all";
  const seed = months.indexOf(month) * 31 + origin.length;
  const none = { title: null, text: null, kind: "table", columns: null, rows: null, x: null, y: [], series: null, unit: null, format: null };
  const days = Array.from({ length: 28 }, (_, d) => iso(Date.parse(month) + d * 86_400_000).slice(0, 10));
  return {
    ...project.reports[0],
    description: "How punctual each carrier was in one month, by the airport it left from. On time means less than 15 minutes late.",
    parameters: [
      { name: "month", label: "Month", values: months, value: month },
      { name: "origin", label: "Airport", values: ["all", ...AIRPORTS], value: origin },
    ],
    sections: [
      { ...none, title: "Flights", kind: "stat", columns: [column("flights", "BIGINT")], rows: [[24_951 + seed * 7]], y: ["flights"] },
      { ...none, title: "On time", kind: "stat", columns: [column("share", "DOUBLE")], rows: [[0.771 + 0.001 * (seed % 40)]], y: ["share"], format: "percent" },
      { ...none, title: "Mean delay", kind: "stat", columns: [column("delay", "DOUBLE")], rows: [[12.6 + (seed % 9)]], y: ["delay"], unit: "minutes", format: "duration" },
      { ...none, title: "On-time share by day", kind: "line", columns: [column("day", "DATE"), column("share", "DOUBLE")], rows: days.map((d, i) => [d, 0.9 - 0.3 * seeded(seed + i)() ** 2]), x: "day", y: ["share"], format: "percent" },
      { ...none, text: "February's snow on the 8th and 9th closed all three airports for most of two days. The carriers with the most flights in the evening suffer most: delays add up over the day." },
      { ...none, title: "Carriers", kind: "table", columns: [column("carrier", "VARCHAR"), column("flights", "BIGINT"), column("cancelled", "BIGINT"), column("mean_delay", "DOUBLE"), column("on_time", "DOUBLE")], rows: CARRIERS.map((c, i) => [c, 4900 - 460 * i, 31 + 9 * i, 8.2 + 2.1 * i, 0.86 - 0.024 * i]), y: ["on_time"], format: "percent" },
      { ...none, title: "Delay by carrier", kind: "bar", columns: [column("carrier", "VARCHAR"), column("mean_delay", "DOUBLE")], rows: CARRIERS.map((c, i) => [c, 8.2 + 2.1 * i]), x: "carrier", y: ["mean_delay"], unit: "minutes" },
    ],
    epoch, as_of, complete_to,
    parity: { monthly_on_time: "equal", carrier_route_delay: "equal", aircraft_use: "differs" },
  };
}

export function lineage() {
  const models = Object.keys(DESCRIBED);
  const page = (kind) => (one) => ({ id: `${kind}:${one.name}`, kind, label: one.title, name: one.name });
  const node = (kind) => (one) => ({ id: one.name ?? one, kind, label: one.name ?? one });
  const edges = [
    ...["flights_events"].flatMap((s) => ["delays_by_hour", "carrier_last_3h", "carrier_route_delay", "flight_weather", "flight_state", "airport_hour"].map((m) => [s, m])),
    ["weather", "flight_weather"], ["airlines", "carrier_last_3h"], ["airlines", "carrier_route_delay"], ["airports", "carrier_route_delay"], ["planes", "aircraft_use"],
    ["flight_state", "aircraft_use"], ["flight_state", "late_aircraft"], ["carrier_route_delay", "worst_routes"], ["flight_state", "punctuality"],
    ["carrier_route_delay", "monthly_on_time"], ["flight_weather", "weather_cancellations"],
    ...["punctuality", "flight_state", "carrier_last_3h", "weather_cancellations", "delays_by_hour", "worst_routes", "weather"].map((m) => [m, "dashboard:operations"]),
    ...["airport_hour", "monthly_on_time", "weather_cancellations", "aircraft_use", "late_aircraft"].map((m) => [m, "dashboard:history"]),
    ["monthly_on_time", "report:monthly_on_time"], ["carrier_route_delay", "report:monthly_on_time"],
  ];
  return {
    nodes: [...project.sources.map(node("source")), ...models.map(node("model")), ...project.dashboards.map(page("dashboard")), ...project.reports.map(page("report"))],
    edges,
  };
}
