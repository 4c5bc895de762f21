// Builds the browser side: `node build.mjs` writes index.html and assets/ to the folder that the node serves;
// `node build.mjs --tests` bundles the unit tests for node's own test runner.
import { createHash } from "node:crypto";
import { mkdir, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { basename, dirname, extname, join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

const here = dirname(fileURLToPath(import.meta.url));
const out = process.env.HEADRACE_STATIC ?? join(here, "../src/headrace/serve/static");
const shared = {
  absWorkingDir: here,
  bundle: true,
  target: ["chrome123", "firefox128", "safari17.5"],
  logLevel: "warning",
};

async function site() {
  await rm(out, { recursive: true, force: true });
  await mkdir(join(out, "assets"), { recursive: true });
  const made = await build({
    ...shared,
    entryPoints: { app: "src/main.ts", theme: "src/theme-early.ts" },
    outdir: out,
    entryNames: "assets/[name]-[hash]",
    chunkNames: "assets/[name]-[hash]",
    assetNames: "assets/[name]-[hash]",
    publicPath: "/",
    format: "esm",
    splitting: true,
    minify: true,
    sourcemap: false,
    metafile: true,
    legalComments: "none", // licenses.txt carries the whole texts
    loader: { ".woff2": "file" },
  });
  await writeFile(join(out, "index.html"), await page(made.metafile));
}

async function page(metafile) {
  const outputs = Object.entries(metafile.outputs).map(([path, info]) => [relative(out, join(here, path)), info]);
  const entry = (source) => outputs.find(([, info]) => info.entryPoint === source);
  const [app, appInfo] = entry("src/main.ts");
  const font = outputs.find(([path]) => /inter-latin-wght-normal-.*woff2$/.test(path))[0];
  const names = {
    APP: app,
    CSS: relative(out, join(here, appInfo.cssBundle)),
    THEME: entry("src/theme-early.ts")[0],
    FONT: font,
    ICON: await hashed("icon.svg", await readFile(join(here, "src/icon.svg"))),
    LICENSES: await hashed("licenses.txt", await licenses(metafile)),
  };
  const shell = await readFile(join(here, "src/index.html"), "utf8");
  return shell.replace(/__([A-Z]+)__/g, (_, name) => `/${names[name]}`);
}

async function hashed(name, content) {
  const hash = createHash("sha256").update(content).digest("hex").slice(0, 8);
  const path = `assets/${basename(name, extname(name))}-${hash}${extname(name)}`;
  await writeFile(join(out, path), content);
  return path;
}

/** The license texts of every package that ended up in the bundle: most of these licenses ask for that. */
async function licenses(metafile) {
  const packages = new Set();
  for (const path of Object.keys(metafile.inputs)) {
    const found = /node_modules\/((?:@[^/]+\/)?[^/]+)\//.exec(path);
    if (found) packages.add(found[1]);
  }
  const texts = [];
  for (const name of [...packages].sort()) {
    const folder = join(here, "node_modules", name);
    const { version, license } = JSON.parse(await readFile(join(folder, "package.json"), "utf8"));
    const at = (file) => join(file.parentPath ?? file.path, file.name);
    const files = (await readdir(folder, { withFileTypes: true, recursive: true }))
      .filter((file) => file.isFile() && /^(licen[cs]es?|notice)\b/i.test(relative(folder, at(file))))
      .map(at)
      .sort();
    const bodies = await Promise.all(files.map((file) => readFile(file, "utf8")));
    texts.push(`${name} ${version} (${license})\n${"=".repeat(72)}\n${bodies.join("\n").trim()}\n`);
  }
  return texts.join("\n\n");
}

async function tests() {
  const folder = join(here, "test");
  const at = (file) => join(file.parentPath ?? file.path, file.name);
    const files = (await readdir(folder)).filter((file) => file.endsWith(".test.ts"));
  await rm(join(here, ".build/test"), { recursive: true, force: true });
  await build({
    ...shared,
    entryPoints: files.map((file) => join("test", file)),
    outdir: ".build/test",
    platform: "node",
    target: "node20",
    format: "esm",
  });
}

await (process.argv.includes("--tests") ? tests() : site());
