// `metagraph show FILE`: what a MetaGraph holds, section by section. What is in it, is `describe`'s to say.
import {
  type Description,
  describe,
  type MetaGraphDef,
  parseMetaGraph,
  readMetaGraph,
  SaverDef,
  type SignatureDescription,
  type TensorDescription,
} from "@org/metagraph";
import { type DType, dtypes, type Shape } from "@org/tensor";
import type { Command } from "commander";
import { toJson } from "../json.ts";
import { table } from "../table.ts";
import type { Terminal } from "../terminal.ts";

interface ShowFlags {
  readonly json?: boolean;
  readonly nodes?: boolean;
  readonly quiet?: boolean;
}

/** Adds the command to the program. */
export function addShow(program: Command, terminal: Terminal): void {
  program
    .command("show")
    .description(
      "Show what a MetaGraph holds: versions, ops, inputs, outputs, variables, collections, Saver, signatures.",
    )
    .argument("<file>", "a .meta file, binary or text; - is standard input")
    .option("--nodes", "list every node instead: name, op, inputs")
    .option("--json", "one JSON document")
    .option("-q, --quiet", "print nothing; the exit status says whether the file is a MetaGraph")
    .addHelpText(
      "after",
      "\nExamples:\n  metagraph show model-10000.meta\n  metagraph show model-10000.meta --nodes",
    )
    .action(async (file: string, flags: ShowFlags) => {
      const def =
        file === "-"
          ? await parseMetaGraph(await terminal.input(), "(standard input)")
          : await readMetaGraph(file, terminal.signal ? { signal: terminal.signal } : {});
      const nodes = (def.graphDef?.node ?? []).map(({ name, op, input, device }) => ({
        name,
        op,
        input,
        device,
      }));
      const found = describe(def);
      if (flags.quiet) return;
      if (flags.json)
        terminal.out(toJson({ file, ...found, saver: saverOf(def), ...(flags.nodes ? { nodes } : {}) }));
      else if (flags.nodes)
        terminal.out(
          table(
            nodes.map(({ name, op, input }) => [name, op, input.join(" ")]),
            "",
          ),
        );
      else terminal.out(sections(file, def, found).join("\n\n"));
    });
}

function sections(file: string, def: MetaGraphDef, found: Description): string[] {
  const head = [
    `${file}: MetaGraph of TensorFlow ${found.tensorflowVersion || "(no version)"}, GraphDef version ${found.producer}`,
    ...(found.metaGraphVersion ? [`MetaGraph version: ${found.metaGraphVersion}`] : []),
    ...(found.tags.length ? [`Tags: ${found.tags.join(", ")}`] : []),
  ].join("\n");
  return [
    head,
    section(
      `Nodes: ${found.nodeCount}, of ${found.ops.length} ops`,
      found.ops.map(({ op, count }) => [op, count]),
    ),
    ...(found.functions.length
      ? [
          section(
            "Functions",
            found.functions.map((name) => [name]),
          ),
        ]
      : []),
    section("Inputs", found.inputs.map(tensorRow)),
    section("Outputs", found.outputs.map(tensorRow)),
    section(
      "Variables",
      found.variables.map((variable) => [
        ...tensorRow(variable),
        variable.kind,
        variable.trainable ? "trainable" : "",
      ]),
    ),
    section(
      "Collections",
      found.collections
        .map(({ key, kind, count, values }) => [key, kind, count, preview(values)])
        .sort(([a], [b]) => (a! < b! ? -1 : 1)),
    ),
    section(
      "Saver",
      Object.entries(saverOf(def) ?? {}).map(([key, value]) => [key, String(value)]),
    ),
    ...(found.signatures.length ? [signatures(found)] : []),
  ];
}

const section = (title: string, rows: (string | number)[][]): string =>
  `${title}:\n${rows.length ? table(rows) : "  none"}`;

const tensorRow = ({ name, dtype, shape }: TensorDescription): string[] => [
  name,
  dtype ?? "(no type)",
  String(shape),
];

/** The first values, each on one line and not too long. */
function preview(values: readonly (string | number | bigint)[]): string {
  const shown = values.slice(0, 3).map((value) => {
    const text = String(value).replace(/\s+/g, " ");
    return text.length > 60 ? `${text.slice(0, 57)}...` : text;
  });
  return shown.join(", ") + (values.length > shown.length ? ", ..." : "");
}

const formatNames = new Map<number, string>(
  Object.entries(SaverDef.CheckpointFormatVersion).map(([name, number]) => [number, name]),
);

/** The SaverDef under its field names. */
function saverOf(def: MetaGraphDef): Readonly<Record<string, string | number | boolean>> | null {
  const saver = def.saverDef;
  if (!saver) return null;
  return {
    filename_tensor_name: saver.filenameTensorName,
    save_tensor_name: saver.saveTensorName,
    restore_op_name: saver.restoreOpName,
    max_to_keep: saver.maxToKeep,
    sharded: saver.sharded,
    keep_checkpoint_every_n_hours: saver.keepCheckpointEveryNHours,
    version: formatNames.get(saver.version) ?? saver.version,
  };
}

/** In saved_model_cli's words and layout, so that what reads its output reads ours. */
function signatures({ signatures, tags }: Description): string {
  const side = (which: "input" | "output", tensors: SignatureDescription["inputs"]): string[] => [
    `  The given SavedModel SignatureDef contains the following ${which}(s):`,
    ...byKey(tensors).flatMap(({ key, name, dtype, shape }) => [
      `    ${which}s['${key}'] tensor_info:`,
      `        dtype: ${dataTypeName(dtype)}`,
      `        shape: ${shapeText(shape)}`,
      `        name: ${name}`,
    ]),
  ];
  const title = `MetaGraphDef with tag-set: '${tags.join(", ")}' contains the following SignatureDefs:`;
  const parts = byKey(signatures).map(({ key, methodName, inputs, outputs }) =>
    [
      `signature_def['${key}']:`,
      ...side("input", inputs),
      ...side("output", outputs),
      `  Method name is: ${methodName}`,
    ].join("\n"),
  );
  return [title, ...parts].join("\n\n");
}

const byKey = <T extends { readonly key: string }>(items: readonly T[]): T[] =>
  [...items].sort((a, b) => (a.key < b.key ? -1 : 1));

const dataTypeName = (dtype: string | undefined): string =>
  dtype === undefined ? "DT_INVALID" : `DT_${dtypes[dtype as DType].cc.toUpperCase()}`;

const shapeText = (shape: Shape): string =>
  shape.dims ? `(${shape.dims.map((dim) => dim ?? -1).join(", ")})` : "unknown_rank";
