// Makes dist/ from index.html, as `trunk build --release` does: the same lines (`data-trunk`), names with a hash, no
// absolute address, so that it works from any sub-path of any static host.
//   node tools/build.mjs GLUE.js MODULE.wasm      (wasm-bindgen's glue and the optimised module)
import { createHash } from "node:crypto";
import { cpSync, existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";

const [glueFile, wasmFile] = process.argv.slice(2);
const { transformSync } = await import(`${process.env.NODE_TOOLS}/node_modules/esbuild/lib/main.js`);
const out = "dist.new";
rmSync(out, { recursive: true, force: true });
mkdirSync(out);

const hash = (...parts) => createHash("sha256").update(Buffer.concat(parts.map((p) => Buffer.from(p)))).digest("hex").slice(0, 16);
const minify = (text, loader) => transformSync(text, { loader, minify: true, legalComments: "none" }).code;

function rust() {
  const glue = minify(readFileSync(glueFile, "utf8"), "js");
  const wasm = readFileSync(wasmFile);
  const name = `orchestrion-${hash(glue, wasm)}`;
  const inside = basename(glueFile).replace(/\.js$/, "_bg.wasm");
  writeFileSync(join(out, `${name}.js`), glue.replaceAll(inside, `${name}_bg.wasm`));
  writeFileSync(join(out, `${name}_bg.wasm`), wasm);
  return [
    `<link rel="modulepreload" href="./${name}.js" crossorigin />`,
    `<link rel="preload" href="./${name}_bg.wasm" as="fetch" type="application/wasm" crossorigin />`,
    `<script type="module">import init from "./${name}.js"; init({ module_or_path: "./${name}_bg.wasm" });</script>`,
  ].join("\n    ");
}

function css(href) {
  const text = minify(readFileSync(href, "utf8"), "css");
  const name = `${basename(href, ".css")}-${hash(text)}.css`;
  writeFileSync(join(out, name), text);
  return `<link rel="stylesheet" href="./${name}" />`;
}

function copy(href) {
  if (existsSync(href)) cpSync(href, join(out, basename(href)), { recursive: true });
  return "";
}

const icon = (href, tag) => {
  copy(href);
  return tag.replace(/ data-trunk/, "").replace(href, `./${basename(href)}`);
};

const page = readFileSync("index.html", "utf8").replace(/<link data-trunk[^>]*>/g, (tag) => {
  const attribute = (name) => tag.match(new RegExp(`\\b${name}="([^"]*)"`))?.[1];
  const href = attribute("href");
  switch (attribute("rel")) {
    case "rust": return rust();
    case "css": return css(href);
    case "icon": return icon(href, tag);
    case "copy-dir":
    case "copy-file": return copy(href);
    default: throw new Error(`index.html: no rule for ${tag}`);
  }
});
writeFileSync(join(out, "index.html"), page.replace(/^\s*\n/gm, ""));
rmSync("dist", { recursive: true, force: true });
renameSync(out, "dist");
