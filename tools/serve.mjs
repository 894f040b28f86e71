// Serves a folder on a free local port and prints its address.
//   node tools/serve.mjs [FOLDER] [--port N] [--open]
import { createReadStream, statSync } from "node:fs";
import { createServer } from "node:http";
import { extname, join, normalize, resolve, sep } from "node:path";
import { spawn } from "node:child_process";

const args = process.argv.slice(2);
const value = (flag) => (args.includes(flag) ? args.splice(args.indexOf(flag), 2)[1] : undefined);
const port = Number(value("--port") ?? 0);
const open = args.includes("--open");
const root = resolve(args.find((arg) => !arg.startsWith("--")) ?? "dist");

const KINDS = {
  ".html": "text/html; charset=utf-8", ".js": "text/javascript", ".mjs": "text/javascript", ".css": "text/css",
  ".wasm": "application/wasm", ".svg": "image/svg+xml", ".png": "image/png", ".json": "application/json",
  ".yaml": "text/plain; charset=utf-8", ".md": "text/plain; charset=utf-8", ".txt": "text/plain; charset=utf-8",
};

const server = createServer((request, response) => {
  // any site may embed the page in a sandboxed frame, whose origin is opaque: it needs this header
  response.setHeader("Access-Control-Allow-Origin", "*");
  response.setHeader("Cache-Control", "no-cache");
  try {
    const path = decodeURIComponent(new URL(request.url, "http://local").pathname);
    const file = normalize(join(root, path.endsWith("/") ? `${path}index.html` : path));
    if (!file.startsWith(root + sep)) throw new Error("outside");
    const size = statSync(file).size;
    response.writeHead(200, { "Content-Type": KINDS[extname(file)] ?? "application/octet-stream", "Content-Length": size });
    if (request.method === "HEAD") response.end();
    else createReadStream(file).pipe(response);
  } catch {
    response.writeHead(404, { "Content-Type": "text/plain" }).end("not found\n");
  }
});

server.on("error", (error) => {
  console.error(`cannot serve on port ${port}: ${error.message}`);
  process.exit(1);
});
server.listen(port, "127.0.0.1", () => {
  const url = `http://127.0.0.1:${server.address().port}/`;
  console.log(`Orchestrion: ${url}   (Ctrl+C stops)`);
  const viewer = { darwin: "open", win32: "explorer" }[process.platform] ?? "xdg-open";
  const screen = process.platform !== "linux" || process.env.DISPLAY || process.env.WAYLAND_DISPLAY;
  if (open && screen) spawn(viewer, [url], { stdio: "ignore", detached: true }).on("error", () => {}).unref();
});
