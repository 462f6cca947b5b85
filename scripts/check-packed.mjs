// Installs the packed tarballs into empty projects outside the workspace and uses them as a stranger would:
// 1. `@org/metagraph` alone: what comes with it, how large it is, `import` and `require`.
// 2. `@org/tf` with one kernel package: trains a step.
// 3. `scaffold/`: a collection type, an op with its gradient, a backend, each under 60 lines on public exports.
// 4. The examples, as TypeScript sees them: with the declarations that are in the tarballs.
import { execFileSync } from "node:child_process";
import {
  copyFileSync,
  cpSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { fileURLToPath } from "node:url";
import { serializationPackages } from "./serialization-packages.mjs";

const root = fileURLToPath(new URL("..", import.meta.url));
const work = mkdtempSync(join(tmpdir(), "metagraph-packed-"));
const run = (command, args, cwd) =>
  execFileSync(command, args, { cwd, encoding: "utf8", stdio: ["ignore", "pipe", "inherit"] });
const fail = (message) => {
  throw new Error(message);
};

/** Packs a workspace package; the tarball's path. */
function pack(name) {
  const out = run("npx", ["-y", "pnpm@12", "pack", "--pack-destination", work], join(root, "packages", name));
  return out.trim().split("\n").at(-1).trim();
}

function sizeOf(path) {
  const stat = statSync(path);
  if (!stat.isDirectory()) return stat.size;
  return readdirSync(path).reduce((sum, name) => sum + sizeOf(join(path, name)), 0);
}

/** An empty project with these tarballs. */
function project(name, tarballs) {
  const folder = join(work, name);
  execFileSync("mkdir", ["-p", folder]);
  writeFileSync(join(folder, "package.json"), JSON.stringify({ name, private: true, type: "module" }));
  run("npm", ["install", "--no-audit", "--no-fund", "--no-package-lock", ...tarballs], folder);
  return folder;
}

try {
  const names = readdirSync(join(root, "packages"));
  const tarballs = Object.fromEntries(names.map((name) => [name, pack(name)]));

  const alone = project(
    "serialization",
    serializationPackages.map((name) => tarballs[name]),
  );
  const installed = readdirSync(join(alone, "node_modules", "@org"));
  for (const name of installed) {
    if (!serializationPackages.includes(name)) fail(`@org/metagraph brings @org/${name}`);
  }
  const others = readdirSync(join(alone, "node_modules")).filter(
    (name) => !name.startsWith(".") && name !== "@org",
  );
  const megabytes = (sizeOf(join(alone, "node_modules")) / 1e6).toFixed(1);
  console.log(`@org/metagraph: @org/{${installed.join(",")}}, ${others.join(", ")}: ${megabytes} MB`);
  copyFileSync(join(root, "apps/examples/data/howto/infer-0.meta"), join(alone, "infer-0.meta"));
  const use = `
    const def = await readMetaGraph("infer-0.meta");
    const { graph, saver } = importMetaGraph(def);
    if (graph.getOperations().length !== def.graphDef.node.length || !saver) throw new Error("import");
    console.log(process.argv[1].split("/").at(-1), graph.getOperations().length, "nodes");`;
  writeFileSync(
    join(alone, "esm.mjs"),
    `import { importMetaGraph, readMetaGraph } from "@org/metagraph";${use}`,
  );
  writeFileSync(
    join(alone, "cjs.cjs"),
    `const { importMetaGraph, readMetaGraph } = require("@org/metagraph"); (async () => {${use}})();`,
  );
  for (const file of ["esm.mjs", "cjs.cjs"]) {
    // Node 20 needs a flag for nothing else: it warns once that require(esm) is new.
    process.stdout.write(run(process.execPath, ["--no-warnings", file], alone));
  }

  const runtime = names.filter((name) => name !== "cli");
  const outside = project(
    "outside",
    runtime.map((name) => tarballs[name]),
  );
  for (const file of readdirSync(join(root, "scaffold"))) {
    if (!file.endsWith(".mjs")) continue;
    const lines = readFileSync(join(root, "scaffold", file), "utf8")
      .trimEnd()
      .split("\n").length;
    if (lines >= 60) fail(`scaffold/${file} has ${lines} lines`);
    copyFileSync(join(root, "scaffold", file), join(outside, file));
    process.stdout.write(run(process.execPath, [file], outside));
  }

  // Without the demo and what it alone uses: it needs packages that are not ours.
  cpSync(join(root, "apps/examples"), join(outside, "examples"), {
    recursive: true,
    filter: (path) => !/^(node_modules|\.run-.*|terminal\.ts|backend\.ts|demo\.ts)$/.test(basename(path)),
  });
  const compilerOptions = {
    customConditions: [],
    skipLibCheck: false,
    typeRoots: [join(root, "node_modules/@types")],
  };
  writeFileSync(
    join(outside, "tsconfig.json"),
    JSON.stringify({
      extends: join(root, "apps/examples/tsconfig.json"),
      compilerOptions,
      include: [join(outside, "examples/src"), join(outside, "examples/lib")],
    }),
  );
  execFileSync(process.execPath, [join(root, "node_modules/typescript/bin/tsc"), "-p", "."], {
    cwd: outside,
    stdio: "inherit",
  });
  console.log("the examples' types hold with the packed declarations");
} finally {
  rmSync(work, { recursive: true, force: true });
}
