import { ApiError, get } from "./api.ts";
import { parseJson } from "./json.ts";

export type Connection = "connecting" | "live" | "lost";
export interface LiveHandlers {
  /** One function per event name; it gets the event's JSON. */
  on: Record<string, (data: never) => void>;
  state(connection: Connection): void;
  /** The session is gone: nothing to reconnect to until the link is opened again. */
  unauthorised(): void;
}

/** An idle node has nothing to say, and a dead connection says nothing either: after this long, open a new one and see. */
const SILENCE_MS = 30_000;
const FIRST_RETRY_MS = 500;
const LAST_RETRY_MS = 10_000;

/** How long to wait before attempt `n` (from 0): doubling, capped, spread so that many browsers do not return at once. */
export function retryDelay(n: number, random: () => number): number {
  return Math.min(LAST_RETRY_MS, FIRST_RETRY_MS * 2 ** n) * (0.75 + 0.5 * random());
}

/**
 * Follow a server-sent event stream for as long as the page is visible, reconnecting when it breaks.
 * A hidden page lets go of its stream (browsers allow six per host) and takes it up again when it is shown.
 */
export function follow(url: string, handlers: LiveHandlers): () => void {
  let source: EventSource | null = null;
  let retry = 0;
  let timer: ReturnType<typeof setTimeout> | undefined;
  let closed = false;

  function open(): void {
    drop();
    if (closed || document.hidden) return;
    source = new EventSource(url);
    source.onopen = heard;
    source.onerror = (event) => {
      // A server-sent event named `error` arrives here too: it carries data, a broken connection does not.
      if (!(event instanceof MessageEvent)) lost();
    };
    for (const [name, handle] of Object.entries(handlers.on)) {
      source.addEventListener(name, (event) => {
        if (!(event instanceof MessageEvent)) return;
        heard();
        handle(parseJson(event.data as string) as never);
      });
    }
    timer = setTimeout(open, SILENCE_MS);
  }

  function heard(): void {
    retry = 0;
    handlers.state("live");
    clearTimeout(timer);
    timer = setTimeout(open, SILENCE_MS);
  }

  function lost(): void {
    drop();
    if (closed) return;
    handlers.state("lost");
    timer = setTimeout(probe, retryDelay(retry++, Math.random));
  }

  // EventSource does not tell why it failed, so ask the plain API first.
  async function probe(): Promise<void> {
    try {
      await get("/v1/project");
      open();
    } catch (problem) {
      if (problem instanceof ApiError && problem.status === 401) handlers.unauthorised();
      else lost();
    }
  }

  function drop(): void {
    clearTimeout(timer);
    source?.close();
    source = null;
  }

  function visibility(): void {
    if (document.hidden) drop();
    else if (!source) open();
  }

  document.addEventListener("visibilitychange", visibility);
  handlers.state("connecting");
  open();
  return () => {
    closed = true;
    drop();
    document.removeEventListener("visibilitychange", visibility);
  };
}
