// protos/ -> src/gen: the static codec (pbjs, then made to use bigint), its types, and the field tables that
// the text format reads. Needs nothing but Node. Run by `turbo run generate`; src/gen is not committed.
import { mkdirSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import protobuf from "protobufjs";
import pbjs from "protobufjs-cli/pbjs.js";
import { finishCodec } from "./codec-source.mjs";
import { fieldTables, typeDeclarations } from "./declarations.mjs";

const root = join(dirname(fileURLToPath(import.meta.url)), "..");
const protos = join(root, "protos");
const gen = join(root, "src/gen");
const files = readdirSync(protos, { recursive: true })
  .map(String)
  .filter((name) => name.endsWith(".proto"))
  .sort();

// protobufjs brings its own any.proto and wrappers.proto, whose names are not camelCase: ours are to be read.
for (const name of files) delete protobuf.common[name];

const flags =
  "-t static-module -w esm --no-create --no-delimited --no-typeurl --no-service --no-verify --no-convert --no-comments --force-long";
const source = await new Promise((resolve, reject) => {
  pbjs.main(
    [...flags.split(" "), "-p", protos, ...files.map((name) => join(protos, name))],
    (error, output) => (error ? reject(error) : resolve(output)),
  );
});

/** The schema as pbjs sees it; `keepCase` keeps the names of the .proto files. */
function loadSchema(options) {
  const schema = new protobuf.Root();
  schema.resolvePath = (_origin, target) => (target.startsWith("/") ? target : join(protos, target));
  return schema.loadSync(files, options).resolveAll();
}
const schema = loadSchema();

rmSync(gen, { recursive: true, force: true });
mkdirSync(gen, { recursive: true });
writeFileSync(join(gen, "tensorflow.js"), finishCodec(source, schema));
writeFileSync(join(gen, "tensorflow.d.ts"), typeDeclarations(schema));
writeFileSync(join(gen, "fields.js"), fieldTables(schema, loadSchema({ keepCase: true })));
writeFileSync(
  join(gen, "fields.d.ts"),
  `import type { TypeTable } from "../field-table.ts";\nexport declare const types: TypeTable;\nexport declare const enums: { readonly [name: string]: { readonly [value: string]: number } };\n`,
);
