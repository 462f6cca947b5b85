// Holds the arrows between packages (ARCHITECTURE.md, "Rooms"): a package's sources may import only packages that its line
// names and what those name in turn, and only what its package.json declares; main entries have no static `node:` import.
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

/** Package -> packages it may import directly; what those may import is allowed too. */
const arrows = {
  errors: [],
  proto: ["errors"],
  io: ["errors"],
  tensor: ["proto"],
  graph: ["tensor"],
  collections: ["graph"],
  variables: ["collections"],
  checkpoint: ["io", "tensor"],
  saver: ["variables", "checkpoint"],
  metagraph: ["saver"],
  "saved-model": ["metagraph"],
  "graph-util": ["saved-model"],
  summary: ["proto", "io"],
  hlo: ["tensor"],
  ops: ["variables", "checkpoint", "hlo"],
  session: ["ops"],
  "kernels-cpu": ["hlo"],
  "kernels-gpu": ["hlo"],
  layers: ["ops"],
  train: ["ops", "saver"],
  tf: ["saved-model", "graph-util", "session", "layers", "train", "summary"],
  cli: ["graph-util", "summary"],
};
/** Packages that may load another one only by a dynamic import (it is chosen at run time). */
const dynamicOnly = { tf: ["kernels-cpu", "kernels-gpu"] };
/** Entries that only Node loads. */
const nodeOnly = [/^io\/src\/node/, /^cli\//];

const root = join(fileURLToPath(new URL("..", import.meta.url)), "packages");
const problems = [];

function closure(name, seen = new Set()) {
  for (const next of arrows[name] ?? []) {
    if (!seen.has(next)) closure(next, seen.add(next));
  }
  return seen;
}

function* sources(folder) {
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name);
    if (entry.isDirectory() && entry.name !== "gen") yield* sources(path);
    else if (/\.(ts|mts|js|mjs)$/.test(entry.name)) yield path;
  }
}

for (const name of readdirSync(root)) {
  if (!(name in arrows)) {
    problems.push(`packages/${name}: not in the table of arrows (scripts/check-arrows.mjs)`);
    continue;
  }
  const allowed = closure(name).add(name);
  const manifest = JSON.parse(readFileSync(join(root, name, "package.json"), "utf8"));
  const declared = { ...manifest.dependencies, ...manifest.peerDependencies };
  for (const dependency of Object.keys(declared)) {
    const target = dependency.match(/^@org\/(.+)$/)?.[1];
    if (target && !allowed.has(target) && !dynamicOnly[name]?.includes(target)) {
      problems.push(
        `packages/${name}/package.json: depends on ${dependency}, which stands above or beside it`,
      );
    }
  }
  for (const file of sources(join(root, name, "src"))) {
    const where = file.slice(root.length + 1);
    const text = readFileSync(file, "utf8").replace(/^\s*(\/\/|\*|\/\*).*$/gm, "");
    const imports = text.matchAll(
      /(import\s*\(|(?:import|export)\b[^;'"()]*?\bfrom|import)\s*["']([^"']+)["']/g,
    );
    for (const [, how, specifier] of imports) {
      const dynamic = how.includes("(");
      const target = specifier.match(/^@org\/([^/]+)/)?.[1];
      if (target && !allowed.has(target) && !(dynamic && dynamicOnly[name]?.includes(target))) {
        problems.push(
          `packages/${where}: imports ${specifier}; ${name} may import ${[...closure(name)].sort().join(", ") || "nothing"}`,
        );
      }
      if (
        target &&
        target !== name &&
        !(`@org/${target}` in declared) &&
        !(dynamic && dynamicOnly[name]?.includes(target))
      ) {
        problems.push(`packages/${where}: imports ${specifier}, which package.json does not declare`);
      }
      if (specifier.startsWith("node:") && !dynamic && !nodeOnly.some((pattern) => pattern.test(where))) {
        problems.push(`packages/${where}: static import of ${specifier}; browsers load this file`);
      }
    }
  }
}

if (problems.length > 0) {
  console.error(problems.join("\n"));
  console.error(`${problems.length} arrows are wrong`);
  process.exit(1);
}
console.log(`arrows: ${Object.keys(arrows).length} packages hold to ARCHITECTURE.md`);
