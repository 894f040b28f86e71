// What dist/ weighs: bytes of each file as it is, by gzip -9 and by brotli 11, and the sum of a first load (everything
// that the page asks for before a person acts; the editor comes later).
//   node tools/size.mjs [FOLDER]
import { readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { brotliCompressSync, constants, gzipSync } from "node:zlib";

const root = process.argv[2] ?? "dist";
const files = readdirSync(root, { recursive: true }).filter((name) => statSync(join(root, name)).isFile()).sort();
const brotli = (data) => brotliCompressSync(data, { params: { [constants.BROTLI_PARAM_QUALITY]: 11 } }).length;
const page = readFileSync(join(root, "index.html"), "utf8");
const first = (name) => name === "index.html" || page.includes(name);

const rows = files.map((name) => {
  const data = readFileSync(join(root, name));
  return { name, first: first(name), sizes: [data.length, gzipSync(data, { level: 9 }).length, brotli(data)] };
});
const sum = (some) => some.reduce((total, row) => total.map((n, i) => n + row.sizes[i]), [0, 0, 0]);
const line = (name, sizes) => console.log(`${name.padEnd(44)}${sizes.map((n) => n.toLocaleString("en").padStart(12)).join("")}`);
line(root, ["raw", "gzip", "brotli"]);
for (const row of rows) line(`  ${row.first ? "" : "later: "}${row.name}`, row.sizes);
line("first load", sum(rows.filter((row) => row.first)));
line("everything", sum(rows));
