// Writes src/gen: op-entries.ts, the entries of all ops by family (a folder of src), and builders.ts, what @org/ops exports of the functions
// that are marked @tfExport, with the types of their files. So a new op is one new file.
import { fileURLToPath } from "node:url";
import { declarations } from "./declarations.mjs";
import { writeGenerated } from "./write-generated.mjs";

const gen = fileURLToPath(new URL("../src/gen/", import.meta.url));
const head = "// Written by packages/ops/scripts/generate.mjs; not to be edited.\n";
const camel = (text) => text.replace(/-(\w)/g, (_, letter) => letter.toUpperCase());

/** Registration: an array a folder, and all of them. */
function opEntries(found) {
  const imports = [];
  const families = new Map();
  for (const { file, entries } of found) {
    // What lies in no folder composes families.
    if (entries.length === 0 || !file.includes("/")) continue;
    const family = camel(file.split("/")[0]);
    imports.push(`import { ${entries.map(({ name }) => name).join(", ")} } from "../${file}";`);
    const parts = entries.map(({ name, many }) => `  ${many ? "..." : ""}${name},`);
    families.set(family, [...(families.get(family) ?? []), ...parts]);
  }
  const arrays = [...families].map(
    ([family, parts]) => `export const ${family}: readonly OpEntry[] = [\n${parts.join("\n")}\n];`,
  );
  return `${head}${imports.join("\n")}
import type { OpEntry } from "../op-entry.ts";

${arrays.join("\n\n")}

/** All of them. */
export const families: readonly (readonly OpEntry[])[] = [
${[...families.keys()].map((family) => `  ${family},`).join("\n")}
];
`;
}

/** What is public of the files that build graphs. */
function publicBuilders(found) {
  const owners = new Map();
  const lines = [];
  for (const { file, builders, types } of found) {
    if (builders.length === 0) continue;
    const names = [...builders.map(({ name }) => name), ...types];
    for (const name of names) {
      const bare = name.replace(/^type /, "");
      const owner = owners.get(bare);
      if (owner) throw new Error(`packages/ops/src/${file} exports ${bare}, and so does ${owner}`);
      owners.set(bare, file);
    }
    lines.push(`export { ${names.join(", ")} } from "../${file}";`);
  }
  return `${head}${lines.join("\n")}\n`;
}

const found = declarations();
writeGenerated(`${gen}op-entries.ts`, opEntries(found));
writeGenerated(`${gen}builders.ts`, publicBuilders(found));
