// Serves the page that trains the how-to in a browser: `npx -y pnpm@12 page [--port N]`. Bundles it from the TypeScript sources first; nothing
// needs to be built. Listens on this machine alone.
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { gunzipSync } from "node:zlib";
import { build } from "esbuild";
import sirv from "sirv";

const here = import.meta.dirname;
const usage = `Usage: npx -y pnpm@12 page [--port N]

  --port   where to listen on 127.0.0.1 (default 8042; 0 for any that is free)`;
const { values: flags } = parseArgs({
  options: {
    port: { type: "string", default: "8042" },
    help: { type: "boolean", short: "h", default: false },
  },
});
const port = Number(flags.port);
if (flags.help) {
  console.log(usage);
  process.exit(0);
}
if (!Number.isInteger(port) || port < 0 || port > 65535) {
  console.error(usage);
  process.exit(2);
}

const folder = mkdtempSync(join(here, ".run-"));
const clean = () => rmSync(folder, { recursive: true, force: true });
process.once("exit", clean);
await build({
  entryPoints: [join(here, "page/main.ts"), join(here, "page/main.css")],
  outdir: folder,
  bundle: true,
  splitting: true,
  platform: "browser",
  format: "esm",
  target: "es2022",
  conditions: ["@org/source"],
  logLevel: "error",
  sourcemap: true,
});
cpSync(join(here, "page/index.html"), join(folder, "index.html"));
cpSync(join(here, "data/howto"), join(folder, "data/howto"), { recursive: true });
for (const name of ["x", "y"])
  writeFileSync(
    join(folder, "data", `${name}.npy`),
    gunzipSync(readFileSync(join(here, "data/digits", `${name}.npy.gz`))),
  );

const files = sirv(folder, {
  setHeaders(response) {
    // With these two a page may share memory with threads.
    response.setHeader("Cross-Origin-Opener-Policy", "same-origin");
    response.setHeader("Cross-Origin-Embedder-Policy", "require-corp");
    response.setHeader("X-Content-Type-Options", "nosniff");
    // What a page of ours needs, and no more: WebAssembly made at run time, workers from text.
    response.setHeader(
      "Content-Security-Policy",
      "default-src 'self'; script-src 'self' 'wasm-unsafe-eval'; worker-src blob:; style-src 'self' 'unsafe-inline'; img-src 'self' data:",
    );
  },
});
const server = createServer((request, response) =>
  files(request, response, () => {
    response.statusCode = 404;
    response.end("There is no such file.\n");
  }),
);
server.on("error", (error) => {
  console.error(
    error.code === "EADDRINUSE" ? `Port ${port} is taken: name another with --port.` : error.message,
  );
  process.exit(1);
});
server.listen(port, "127.0.0.1", () =>
  console.log(`http://127.0.0.1:${server.address().port}/ (Ctrl-C ends it)`),
);
for (const signal of ["SIGINT", "SIGTERM"]) process.once(signal, () => process.exit(0));
