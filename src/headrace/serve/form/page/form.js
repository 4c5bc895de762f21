// The page: asks the server for the fields, checks what is filled in as it changes, and saves it.
import { ask } from "./ask.js";
import { confirmed, refusal } from "./dialog.js";
import { el, sentence } from "./elements.js";
import { Fields } from "./fields.js";
import { inBrief, outcome } from "./outcome.js";

const PAUSE = 250; // milliseconds without a key before it is checked
const by = (id) => document.getElementById(id);

let fields; // what is on the page
let index = new Map(); // way in the file -> control
let strict = false; // whether what is merely missing is shown as wrong
let changed = false; // since it was saved or loaded
let timer;
let asked = 0;

async function start() {
  const opening = await ask("/v1/form");
  by("about").append(` It is saved to ${opening.file}.`);
  show(opening.fields, opening.values);
  by("form").addEventListener("input", () => {
    changed = true;
    clearTimeout(timer);
    timer = setTimeout(check, PAUSE);
  });
  by("form").addEventListener("submit", (event) => event.preventDefault());
  by("load").addEventListener("click", () => by("file").click());
  by("file").addEventListener("change", () => guarded(() => load(opening.fields)));
  by("save").addEventListener("click", () => guarded(save));
  by("make").addEventListener("click", () => guarded(make));
  addEventListener("beforeunload", (event) => changed && event.preventDefault());
  await check();
}

function show(described, values) {
  fields = new Fields(described);
  fields.fill(values);
  by("form").replaceChildren(...fields.elements);
}

const filled = () => fields.read() ?? {};

/** Have it checked, and show what is said of it. Answers that come too late are let go. */
async function check() {
  clearTimeout(timer);
  const mine = ++asked;
  let answer;
  try {
    answer = await ask("/v1/check", { values: filled() });
  } catch (error) {
    if (mine === asked) status(error.message);
    return null;
  }
  if (mine !== asked) return answer;
  index = new Map();
  fields.place("", index);
  mark(answer);
  by("yaml").textContent = answer.yaml;
  by("outcome").replaceChildren(...outcome(answer, go));
  status(inBrief(answer));
  return answer;
}

function mark({ problems, assumptions, contradictions }) {
  const said = new Map([...index.values()].map((node) => [node, {}]));
  for (const assumed of assumptions) if (index.has(assumed.at)) said.get(index.get(assumed.at)).assumed = assumed;
  for (const problem of problems) {
    const node = nearest(problem.at);
    if (node && (strict || node.touched || problem.code !== "HR-206")) said.get(node).problem ??= problem;
  }
  for (const { given } of contradictions?.conflicts ?? []) {
    for (const { at } of given) if (nearest(at)) said.get(nearest(at)).conflict = contradictions.code;
  }
  for (const [node, told] of said) node.mark(told);
}

/** The control of a way in the file, or that of what it stands in. */
function nearest(path) {
  while (path && !index.has(path)) path = path.slice(0, Math.max(0, path.lastIndexOf(".")));
  return index.get(path);
}

function go(path) {
  const node = nearest(path);
  for (let one = node?.element; one; one = one.parentElement) if (one.localName === "details") one.open = true;
  node?.element.scrollIntoView({ block: "center" });
  node?.focus();
}

async function load(described) {
  const [file] = by("file").files;
  by("file").value = "";
  if (!file) return;
  if (changed && !(await confirmed("Replace what is filled in?", "It has not been saved.", "Replace it"))) return;
  const { values } = await ask("/v1/load", { name: file.name, content: await file.text() });
  show(described, values);
  changed = false;
  strict = true;
  await check();
}

async function save() {
  if (!(await fit())) return;
  const done = await written("/v1/save");
  if (done) status(`Saved: ${done.file}`);
}

async function make() {
  const answer = await fit();
  if (!answer) return;
  if (answer.contradictions) return by("outcome").focus();
  status("The design is being made.");
  const done = await written("/v1/design");
  if (done) status(`The design is in ${done.folder}. `, el("a", { href: "/architecture.html", target: "_blank", rel: "noopener" }, "Open its page"));
}

/** The answer to what is filled in if it is requirements; otherwise what is wrong is shown, and nothing returned. */
async function fit() {
  strict = true;
  const answer = await check();
  if (answer?.problems.length) go(answer.problems[0].at);
  return answer?.problems.length ? null : answer;
}

/** Write, and over what is there only if that is agreed to. */
async function written(address, replace = false) {
  try {
    const done = await ask(address, { values: filled(), replace });
    changed = false;
    return done;
  } catch (error) {
    if (error.code !== "HR-122" || replace) throw error;
    const agreed = await confirmed("Write over what is there?", `${sentence(error.message)} What that says now is lost, with its comments.`, "Write over it");
    if (agreed) return written(address, true);
    status("Nothing was written.");
    return null;
  }
}

async function guarded(deed) {
  by("save").disabled = by("make").disabled = true;
  try {
    await deed();
  } catch (error) {
    status(error.message);
    await refusal(error);
  } finally {
    by("save").disabled = by("make").disabled = false;
  }
}

function status(...said) {
  by("status").replaceChildren(...said);
}

start().catch((error) => status(error.message, " ", error.fix ?? ""));
