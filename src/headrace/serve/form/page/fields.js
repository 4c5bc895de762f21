// Fields as controls. Each has: element, read() -> what is filled in or undefined, fill(value), place(path, index), mark(said), focus().
import { el, id, prose, title } from "./elements.js";

// Where fields are: on the page, in an item of a list, in a group.
const [PAGE, ITEM, GROUP] = [1, 2, 3];
const MANY = 6; // words to choose from, which take the whole width
const NOTHING = "not said";
const YES_NO = { true: "yes", false: "no" };
const INPUT_MODES = { number: "decimal", whole: "numeric" };
const EXAMPLES = { duration: "5 seconds, 1 day" };

/** The controls of some fields. */
export class Fields {
  constructor(fields, level = PAGE) {
    this.nodes = fields.map((field) => control(field, level));
    this.elements = level === PAGE ? this.#cards() : level === ITEM ? this.#needed() : [grid(this.nodes)];
  }

  /** Lists and groups in frames of their own; what is asked before them in a frame, and what is asked between them in another. */
  #cards() {
    const first = this.nodes.findIndex((node) => node.framed);
    const single = this.nodes.slice(first).filter((node) => !node.framed);
    const more = el("fieldset", { class: "card" }, el("legend", {}, "Further answers"), grid(single));
    return [el("div", { class: "card" }, grid(this.nodes.slice(0, first))), this.nodes.slice(first).map((node) => (node.framed ? node.element : node === single[0] ? more : null))].flat().filter(Boolean);
  }

  /** Of an item of a list: what is needed, and the rest to be opened. */
  #needed() {
    const [needed, rest] = [true, false].map((is) => this.nodes.filter((node) => node.field.required === is));
    if (!rest.length) return [grid(needed)];
    this.rest = el("details", { open: true }, el("summary", {}, `More: ${rest.map((node) => words(node.field.key)).join(", ")}`), grid(rest));
    return [grid(needed), this.rest];
  }

  read() {
    const said = this.nodes.map((node) => [node.field.key, node.read()]).filter(([, value]) => value !== undefined);
    return said.length ? Object.fromEntries(said) : undefined;
  }

  fill(values) {
    for (const node of this.nodes) node.fill(values?.[node.field.key]);
    if (this.rest && values) this.rest.open = this.nodes.some((node) => !node.field.required && values[node.field.key] !== undefined);
  }

  place(path, index) {
    for (const node of this.nodes) node.place(path ? `${path}.${node.field.key}` : node.field.key, index);
  }
}

function control(field, level) {
  if (field.kind === "list") return new List(field);
  if (field.kind === "group") return new Group(field);
  return field.kind === "choices" ? new Choices(field, level) : new One(field, level);
}

/** What all have: the help, and the lines under it that say what is assumed and what is wrong. */
class Control {
  framed = false;
  touched = false;

  constructor(field, level) {
    this.field = field;
    this.needed = level === GROUP ? " needed if used" : " needed";
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
class One extends Control {
  constructor(field, level) {
    super(field, level);
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
class Choices extends Control {
  constructor(field, level) {
    super(field, level);
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

/** Fields that belong together. */
class Group extends Control {
  framed = true;

  constructor(field) {
    super(field);
    this.fields = new Fields(field.fields, GROUP);
    this.element = el("fieldset", { class: "card", "aria-describedby": this.described }, el("legend", {}, this.named()), this.help, this.assumed, this.problem, this.fields.elements);
  }

  read() {
    return this.fields.read();
  }

  fill(value) {
    this.fields.fill(value);
  }

  place(path, index) {
    super.place(path, index);
    this.fields.place(path, index);
  }

  focus() {
    this.fields.nodes[0].focus();
  }
}

/** Items, each with the same fields. Items that are empty are left out. */
class List extends Control {
  framed = true;

  constructor(field) {
    super(field);
    this.one = field.key.replace(/s$/, "");
    this.items = [];
    this.rows = el("div", { class: "items" });
    this.more = el("button", { type: "button", class: "add" }, `Add a ${words(this.one)}`);
    this.more.addEventListener("click", () => {
      this.#add().fields.nodes[0].focus();
      this.#changed();
    });
    this.element = el("fieldset", { class: "card", "aria-describedby": this.described }, el("legend", {}, this.named()), this.help, this.assumed, this.problem, this.rows, this.more);
  }

  #add() {
    const fields = new Fields(this.field.fields, ITEM);
    const remove = el("button", { type: "button", class: "remove" }, "Remove");
    const legend = el("legend");
    const item = { fields, legend, remove, element: el("fieldset", { class: "item" }, legend, remove, fields.elements) };
    remove.addEventListener("click", () => {
      this.items.splice(this.items.indexOf(item), 1);
      item.element.remove();
      this.more.focus();
      this.#changed();
    });
    this.items.push(item);
    this.rows.append(item.element);
    this.#number();
    return item;
  }

  #number() {
    this.items.forEach(({ legend, remove }, i) => {
      const name = `${title(this.one)} ${i + 1}`;
      legend.textContent = name;
      remove.setAttribute("aria-label", `Remove ${name}`);
    });
  }

  #changed() {
    this.touched = true;
    this.#number();
    this.element.dispatchEvent(new Event("input", { bubbles: true }));
  }

  #filled() {
    return this.items.filter((item) => item.fields.read() !== undefined);
  }

  read() {
    const said = this.#filled().map((item) => item.fields.read());
    return said.length ? said : undefined;
  }

  fill(value = []) {
    this.items = [];
    this.rows.replaceChildren();
    const items = value.length || !this.field.required ? value : [undefined];
    for (const item of items) this.#add().fields.fill(item);
  }

  place(path, index) {
    super.place(path, index);
    this.#filled().forEach((item, i) => item.fields.place(`${path}.${i}`, index));
  }

  focus() {
    (this.items[0]?.fields.nodes[0] ?? this.more).focus();
  }
}

const grid = (nodes) => el("div", { class: "grid" }, nodes.map((node) => node.element));
const words = (key) => key.replaceAll("_", " ");
const sentence = (text) => text.charAt(0).toUpperCase() + text.slice(1) + (/[.?!…]$/.test(text) ? "" : ".");
