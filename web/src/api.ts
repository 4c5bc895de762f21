import type { Fault } from "./contract.ts";
import { parseJson } from "./json.ts";

/** The node refused, or could not be reached: always in the one error shape. */
export class ApiError extends Error {
  constructor(
    readonly status: number,
    readonly fault: Fault,
  ) {
    super(fault.what);
  }
}

const unreachable: Fault = {
  code: "",
  what: "The node does not answer.",
  where: null,
  state: "What is shown is the last answer that arrived.",
  fix: "Check that `headrace run` is still running.",
};

export async function get<T>(path: string, signal?: AbortSignal): Promise<T> {
  return (await request(path, { signal: signal ?? null })) as T;
}

export async function post<T>(path: string, body: unknown, signal?: AbortSignal): Promise<T> {
  const headers = { "content-type": "application/json" };
  return (await request(path, { method: "POST", body: JSON.stringify(body), headers, signal: signal ?? null })) as T;
}

async function request(path: string, init: RequestInit): Promise<unknown> {
  let response: Response;
  try {
    response = await fetch(path, {
      ...init,
      credentials: "same-origin",
      headers: { accept: "application/json", ...(init.headers as Record<string, string> | undefined) },
    });
  } catch (problem) {
    if (init.signal?.aborted) throw problem;
    throw new ApiError(0, unreachable);
  }
  const body: unknown = await response.text().then(parseJson).catch(() => null);
  if (!response.ok || body === null) throw new ApiError(response.status, faultOf(response, body));
  return body;
}

function faultOf(response: Response, body: unknown): Fault {
  const error = (body as { error?: Partial<Fault> } | null)?.error;
  const what = error?.what ?? `The node answered ${response.status} ${response.statusText}`.trim();
  return { code: "", where: null, state: "", fix: "", ...error, what };
}

export function asFault(problem: unknown): Fault {
  if (problem instanceof ApiError) return problem.fault;
  return { code: "", what: String(problem), where: null, state: "", fix: "Reload the page." };
}
