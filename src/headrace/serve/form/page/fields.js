// Fields side by side, in groups and in lists: the page, made from what the server says there is to fill in.
import { Choices, Control, One } from "./controls.js";
import { el, title, words } from "./elements.js";

// Where fields are: on the page, in an item of a list, in a group.
const [PAGE, ITEM, GROUP] = [1, 2, 3];

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
  return field.kind === "choices" ? new Choices(field, level === GROUP) : new One(field, level === GROUP);
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
    const item = { fields, legend, remove, element: el("fieldset", { class: "item" }, legend, fields.elements, remove) };
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
