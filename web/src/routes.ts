export interface Place {
  page: "home" | "dashboard" | "report" | "model" | "flow" | "products" | "sql" | "missing";
  name: string;
}

const NAMED: Record<string, Place["page"]> = { dashboards: "dashboard", reports: "report", models: "model" };

/** Which page an address stands for. The server gives the same shell for all of them. */
export function locate(path: string): Place {
  const [first = "", second, ...rest] = path.split("/").filter(Boolean);
  if (first === "") return { page: "home", name: "" };
  if (second === undefined && (first === "flow" || first === "products" || first === "sql")) return { page: first, name: "" };
  const page = NAMED[first];
  if (page && second !== undefined && rest.length === 0) return { page, name: decodeURIComponent(second) };
  return { page: "missing", name: path };
}
