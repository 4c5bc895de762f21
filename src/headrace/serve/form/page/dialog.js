// Questions that have to be answered, and refusals that have to be read.
import { el, prose, sentence } from "./elements.js";

const by = (id) => document.getElementById(id);

/** Ask, and wait for yes or no. */
export function confirmed(title, text, yes) {
  return opened(title, [el("p", {}, text)], yes, false);
}

/** Tell why something was not done. */
export function refusal(error) {
  const problems = error.problems.map(({ code, what, fix, where }) =>
    el("li", {}, el("span", { class: "code" }, code), where?.line ? ` line ${where.line}: ` : " ", prose(`${what}. ${fix}`), where?.excerpt ? el("pre", {}, where.excerpt) : null),
  );
  const told = problems.length ? el("ul", { class: "told" }, problems) : el("p", {}, prose(error.fix ?? ""));
  return opened(sentence(error.message), [told], "Close", true);
}

function opened(title, content, yes, only) {
  const dialog = by("dialog");
  by("dialog-title").textContent = title;
  by("dialog-text").replaceChildren(...content);
  by("dialog-yes").textContent = yes;
  by("dialog-no").hidden = only;
  dialog.showModal();
  return new Promise((answer) => {
    const end = new AbortController();
    const close = (value) => {
      end.abort();
      dialog.close();
      answer(value);
    };
    by("dialog-yes").addEventListener("click", () => close(true), { signal: end.signal });
    by("dialog-no").addEventListener("click", () => close(false), { signal: end.signal });
    dialog.addEventListener("cancel", () => close(false), { signal: end.signal });
  });
}
