// Writes src/gen: tf.* of the functions and classes of @org/ops that are marked @tfExport, in the default graph where no graph is given:
// builders.ts for `@tfExport add`, nn.ts for `@tfExport nn.relu`. A namespace's own file (src/nn.ts) exports what was written for it.
import { existsSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { declarations } from "../../ops/scripts/declarations.mjs";
import { writeGenerated } from "../../ops/scripts/write-generated.mjs";

const src = fileURLToPath(new URL("../src", import.meta.url));
const gen = join(src, "gen");

/** By namespace ("" is tf itself), by name: what is lifted. */
const namespaces = new Map();
for (const { file, builders } of declarations())
  for (const { name, kind, comment, tf } of builders)
    for (const path of tf) {
      const [, namespace = "", short] = /^(?:(\w+)\.)?(\w+)$/.exec(path) ?? [];
      if (!short)
        throw new Error(
          `packages/ops/src/${file}: @tfExport ${path}: it is a name, or a namespace and a name`,
        );
      const names = namespaces.get(namespace) ?? namespaces.set(namespace, new Map()).get(namespace);
      if (names.has(short))
        throw new Error(
          `packages/ops/src/${file}: @tfExport ${path} stands at ${names.get(short).name}, too`,
        );
      names.set(short, {
        name,
        kind,
        comment: comment.replace(/\s*(\n \*)? @tfExport [\w., ]*?(?=\s*\*\/|\n)/, ""),
      });
    }

function line([short, { name, kind, comment }]) {
  const how = kind === "class" ? "liftClass" : "lift";
  const type = kind === "class" ? `\nexport type ${short} = ops.${name};` : "";
  return `${comment}\nexport const ${short}: typeof ops.${name} = /* @__PURE__ */ ${how}(ops.${name});${type}`;
}

const written = new Set();
for (const [namespace, names] of namespaces) {
  const file = `${namespace || "builders"}.ts`;
  const own = join(src, namespace ? file : "index.ts");
  if (!existsSync(own) || !readFileSync(own, "utf8").includes(`from "./gen/${file}"`))
    throw new Error(
      `@tfExport ${namespace}.${[...names.keys()][0]}: packages/tf/src/${namespace}.ts, which says export * from "./gen/${file}", is missing; src/index.ts exports it`,
    );
  const lines = [...names].sort(([a], [b]) => (a < b ? -1 : 1)).map(line);
  const lifts = ["lift", "liftClass"].filter((how) => lines.some((text) => text.includes(` ${how}(`)));
  const text = `// Written by packages/tf/scripts/generate.mjs; not to be edited.
import * as ops from "@org/ops";
import { ${lifts.join(", ")} } from "../default-graph.ts";

${lines.join("\n")}
`;
  writeGenerated(join(gen, file), text);
  written.add(file);
}
for (const file of existsSync(gen) ? readdirSync(gen) : [])
  if (file.endsWith(".ts") && !written.has(file)) rmSync(join(gen, file));
