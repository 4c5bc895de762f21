import type { Mode } from "./palette.ts";

export type Choice = "system" | Mode;
const NEXT: Record<Choice, Choice> = { system: "light", light: "dark", dark: "system" };
const system = matchMedia("(prefers-color-scheme: dark)");
const paper = matchMedia("print");
const listeners = new Set<() => void>();

export function choice(): Choice {
  const chosen = document.documentElement.dataset.theme;
  return chosen === "light" || chosen === "dark" ? chosen : "system";
}

/** The colours in force: paper is always light. */
export function mode(): Mode {
  if (paper.matches) return "light";
  const chosen = choice();
  return chosen === "system" ? (system.matches ? "dark" : "light") : chosen;
}

export function cycle(): void {
  const next = NEXT[choice()];
  if (next === "system") delete document.documentElement.dataset.theme;
  else document.documentElement.dataset.theme = next;
  try {
    localStorage.setItem("headrace.theme", next);
  } catch {
    // Storage can be forbidden; the choice then lasts as long as the page.
  }
  changed();
}

export function onThemeChange(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

function changed(): void {
  for (const listener of listeners) listener();
}
system.addEventListener("change", changed);
paper.addEventListener("change", changed);

export function calm(): boolean {
  return matchMedia("(prefers-reduced-motion: reduce)").matches;
}
