// What comes of what is filled in: what is wrong, what contradicts, or what the design would be.
import { el, prose, title } from "./elements.js";

/** Elements that say an answer of the server; `go(path)` leads to a field. */
export function outcome(answer, go) {
  if (answer.problems.length) return problems(answer.problems, go);
  if (answer.contradictions) return [...contradictions(answer.contradictions, go), ...assumptions(answer.assumptions, go)];
  return [...preview(answer.preview), ...conflicts(answer.conflicts, go), ...assumptions(answer.assumptions, go)];
}

/** The same in one line. */
export function inBrief(answer) {
  const count = answer.problems.length;
  if (count) return count === 1 ? "One thing is missing or wrong." : `${count} things are missing or wrong.`;
  if (answer.contradictions) return `These requirements cannot all be met (${answer.contradictions.code}).`;
  const { pattern, score, firmness, cost, years } = answer.preview;
  return `${pattern}, ${score} of 5, ${firmness}; ${cost} over ${years} years.`;
}

function way(path, name, go) {
  const made = el("button", { type: "button", class: "way" }, name);
  made.addEventListener("click", () => go(path));
  return made;
}

/** A way to a field as a person reads it: `sources.0.kind` is the kind of the first source. */
function called(path) {
  return path.split(".").map((part) => (/^\d+$/.test(part) ? String(Number(part) + 1) : title(part))).join(" › ");
}

function problems(found, go) {
  const items = found.map(({ at, code, what, fix }) => el("li", {}, at ? way(at, called(at), go) : null, el("span", { class: "code" }, ` ${code} `), prose(`${what}: ${fix}`)));
  return [el("h2", {}, "Still missing or wrong"), el("ul", { class: "told" }, items)];
}

function told({ what, given, nearest }, go) {
  return el(
    "li",
    {},
    el("p", {}, prose(`${what}.`)),
    el("p", { class: "given" }, "Said by ", given.flatMap(({ at, key }, i) => [i ? ", " : "", way(at, key, go)])),
    el("p", {}, "Nearest to it:"),
    el("ul", {}, nearest.map((choice) => el("li", {}, prose(choice)))),
  );
}

function contradictions({ code, conflicts: found }, go) {
  return [
    el("h2", {}, el("span", { class: "code" }, code), " These requirements cannot all be met"),
    el("p", {}, "No design can be made until one of them gives way."),
    el("ul", { class: "told bad" }, found.map((one) => told(one, go))),
  ];
}

function conflicts(found, go) {
  return found.length ? [el("h3", {}, "Does not go together"), el("ul", { class: "told" }, found.map((one) => told(one, go)))] : [];
}

function preview(design) {
  const fact = (name, value, more) => [el("dt", {}, name), el("dd", {}, el("strong", {}, value), more ? el("span", { class: "why" }, ` ${more}`) : null)];
  const others = design.others.map(({ pattern, score }) => `${pattern} ${score}`).join(", ");
  return [
    el("h2", {}, "What comes of it"),
    el(
      "dl",
      { class: "facts" },
      fact("Pattern", design.pattern, `${design.score} of 5; the lead of ${design.lead} is ${design.firmness}. Others: ${others}.`),
      fact("Around", design.around, `the stack scores ${design.stack_score} of 5`),
      fact("Where", design.where),
      fact("Cost", design.cost, `over ${design.years} years, of which people ${design.people}; ${design.monthly} a month at first, ${design.hours} hours a month to look after`),
    ),
    el("h3", {}, "Stack"),
    el(
      "dl",
      { class: "parts" },
      design.parts.map(({ component, technology, stays }) => [el("dt", {}, title(component)), el("dd", {}, technology, stays ? " (stays)" : "")]),
    ),
  ];
}

function assumptions(found, go) {
  if (!found.length) return [];
  const items = found.map(({ at, key, said, why }) => el("li", {}, way(at, key, go), ": ", prose(said), el("span", { class: "why" }, ` (${why})`)));
  return [el("details", {}, el("summary", {}, `${found.length} answers are missing and assumed`), el("ul", { class: "assumptions" }, items))];
}
