// Controls for one key each: element, read() -> what is filled in or undefined, fill(value), place(path, index), mark(said), focus().
import { el, id, prose, sentence, title, words } from "./elements.js";

const MANY = 6; // words to choose from, which take the whole width
const NOTHING = "not said";
const YES_NO = { true: "yes", false: "no" };
const INPUT_MODES = { number: "decimal", whole: "numeric" };
const EXAMPLES = { duration: "5 seconds, 1 day" };

/** What all have: the help, and the lines under it that say what is assumed and what is wrong. */
export class Control {
  framed = false;
  touched = false;

  constructor(field, optional = false) {
    this.field = field;
    this.needed = optional ? " needed if used" : " needed";
    this.help = el("p", { class: "help", id: id() }, prose(field.description), field.default ? ` Left empty: ${words(YES_NO[field.default] ?? field.default)}.` : "");
    this.assumed = el("p", { class: "assumed", id: id(), hidden: true });
    this.problem = el("p", { class: "problem", id: id(), hidden: true });
    this.described = [this.help, this.assumed, this.problem].map((one) => one.id).join(" ");
  }

  named() {
    return [title(this.field.key), this.field.required ? el("span", { class: "needed" }, this.needed) : null];
  }

  place(path, index) {
    this.path = path;
    index.set(path, this);
  }

  mark({ problem, assumed, conflict }) {
    this.assumed.hidden = !assumed;
    this.assumed.replaceChildren(...(assumed ? ["Assumed: ", ...prose(assumed.said), el("span", { class: "why" }, ` (${assumed.why})`)] : []));
    this.problem.hidden = !problem && !conflict;
    if (problem) this.problem.replaceChildren(el("span", { class: "code" }, problem.code), " ", ...prose(`${problem.what}. ${sentence(problem.fix)}`));
    else if (conflict) this.problem.replaceChildren(el("span", { class: "code" }, conflict), " This contradicts other requirements.");
    this.invalid(Boolean(problem || conflict));
  }

  invalid(is) {
    this.element.classList.toggle("wrong", is);
  }
}

/** One value: text, a number, a length of time, one word of several, or yes and no. */
export class One extends Control {
  constructor(field, optional) {
    super(field, optional);
    const common = { id: id(), "aria-describedby": this.described, "aria-required": field.required ? "true" : undefined };
    this.input = field.kind === "choice" || field.kind === "flag" ? this.#select(common) : this.#text(common);
    this.element = el("div", { class: `field ${field.key === "summary" ? "wide" : ""}` }, el("label", { for: common.id }, this.named()), this.input, this.suggestions, this.help, this.assumed, this.problem);
    this.input.addEventListener("change", () => (this.touched = true));
  }

  #text(common) {
    const { kind, key, suggested } = this.field;
    if (key === "summary") return el("textarea", { ...common, rows: "2" });
    if (suggested.length) this.suggestions = el("datalist", { id: id() }, suggested.map((word) => el("option", { value: word })));
    return el("input", { ...common, type: "text", inputmode: INPUT_MODES[kind], placeholder: EXAMPLES[kind], list: this.suggestions?.id, spellcheck: "false" });
  }

  #select(common) {
    const choices = this.field.kind === "flag" ? Object.entries(YES_NO) : this.field.choices.map((word) => [word, words(word)]);
    return el("select", common, el("option", { value: "" }, this.field.required ? "choose" : NOTHING), choices.map(([value, name]) => el("option", { value }, name)));
  }

  read() {
    return this.input.value.trim() === "" ? undefined : this.input.value;
  }

  fill(value = "") {
    // A word of a file that is not among the choices has to be seen, to be mended.
    if (this.input.options && ![...this.input.options].some((option) => option.value === value)) this.input.append(el("option", { value }, value));
    this.input.value = value;
  }

  invalid(is) {
    super.invalid(is);
    this.input.setAttribute("aria-invalid", String(is));
  }

  focus() {
    this.input.focus();
  }
}

/** Any number of words. */
export class Choices extends Control {
  constructor(field, optional) {
    super(field, optional);
    this.boxes = el("div", { class: "boxes" });
    this.element = el("fieldset", { class: `field ${field.choices.length > MANY ? "wide" : "choices"}`, "aria-describedby": this.described }, el("legend", {}, this.named()), this.boxes, this.help, this.assumed, this.problem);
    for (const word of field.choices) this.#add(word, words(word));
    if (field.none_said) this.none = this.#add("", "none of them");
    this.element.addEventListener("change", ({ target }) => {
      this.touched = true;
      if (!target.checked) return;
      for (const box of this.#inputs()) if ((box === this.none) !== (target === this.none)) box.checked = false;
    });
  }

  #add(value, name) {
    const input = el("input", { type: "checkbox", id: id(), value });
    this.boxes.append(el("span", {}, input, el("label", { for: input.id }, name)));
    return input;
  }

  #inputs() {
    return [...this.boxes.querySelectorAll("input")];
  }

  read() {
    const chosen = this.#inputs().filter((box) => box.checked && box !== this.none).map((box) => box.value);
    return chosen.length || this.none?.checked ? chosen : undefined;
  }

  fill(value) {
    for (const word of value ?? []) if (!this.#inputs().some((box) => box.value === word)) this.#add(word, word);
    for (const box of this.#inputs()) box.checked = box === this.none ? value?.length === 0 : (value ?? []).includes(box.value);
  }

  focus() {
    this.#inputs()[0].focus();
  }
}
