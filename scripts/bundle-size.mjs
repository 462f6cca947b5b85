// What a page must load: bundles of the serialization packages, minified and gzipped, held to limits. Chunks that are loaded
// when first needed (dynamic imports) are counted apart. `node scripts/bundle-size.mjs` prints and fails above a limit.

import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import { build } from "esbuild";

const root = fileURLToPath(new URL("..", import.meta.url));
const metagraph = "./packages/metagraph/src/index.ts";
const readWrite = `export { readMetaGraph, writeMetaGraph } from "${metagraph}";`;

/** Sizes in bytes, gzipped: what is loaded at once, and what when first needed. */
async function bundle(contents) {
  const { outputFiles, metafile } = await build({
    stdin: { contents, resolveDir: root, sourcefile: "entry.ts" },
    bundle: true,
    minify: true,
    splitting: true,
    format: "esm",
    platform: "browser",
    target: "es2022",
    conditions: ["@org/source", "module", "browser"],
    outdir: "/bundle",
    write: false,
    metafile: true,
    external: ["node:*"],
    logLevel: "error",
  });
  const bytes = new Map(outputFiles.map((file) => [file.path, gzipSync(file.contents, { level: 9 }).length]));
  const sizeOf = (name) => [...bytes].find(([path]) => path.endsWith(`/${name.split("/").at(-1)}`))[1];
  const entry = Object.entries(metafile.outputs).find(([, output]) => output.entryPoint === "entry.ts")[0];
  const atOnce = new Set();
  const visit = (name, into, kinds) => {
    if (into.has(name) || !metafile.outputs[name]) return;
    into.add(name);
    for (const { path, kind, external } of metafile.outputs[name].imports)
      if (!external && kinds.includes(kind)) visit(path, into, kinds);
  };
  visit(entry, atOnce, ["import-statement"]);
  const all = new Set();
  visit(entry, all, ["import-statement", "dynamic-import"]);
  const sum = (names) => [...names].reduce((total, name) => total + sizeOf(name), 0);
  return { atOnce: sum(atOnce), later: sum([...all].filter((name) => !atOnce.has(name))) };
}

const binary = await bundle(readWrite);
const withCheckpoint = await bundle(
  `${readWrite} export { openCheckpoint } from "./packages/checkpoint/src/index.ts";`,
);
const importing = await bundle(
  `${readWrite} export { importMetaGraph, exportMetaGraph } from "${metagraph}";`,
);
const everything = await bundle(`export * from "${metagraph}";`);

const rows = [
  ["read and write binary MetaGraphs", binary.atOnce, 60],
  ["... the text format, when first needed", binary.later, 40],
  ["... reading checkpoints, in addition", withCheckpoint.atOnce - binary.atOnce, 25],
  ["read, write, import, export", importing.atOnce],
  ["all of @org/metagraph", everything.atOnce],
];
for (const [what, size, limit] of rows) {
  const kilobytes = size / 1000;
  const held = limit === undefined ? "" : ` (limit ${limit})`;
  console.log(`${kilobytes.toFixed(1).padStart(7)} KB gz  ${what}${held}`);
  if (limit !== undefined && kilobytes > limit) process.exitCode = 1;
}
