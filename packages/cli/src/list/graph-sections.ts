// What a MetaGraph holds, as sections of text. What is in it, is `describe`'s to say.

import { opDefs } from "@org/graph/op-defs";
import {
  type Description,
  describe,
  type MetaGraphDef,
  SaverDef,
  type TensorDescription,
} from "@org/metagraph";
import { table } from "../table.ts";
import { signatureSections } from "./signatures.ts";

/** What is in a MetaGraph; ops are unknown where no TensorFlow has them. */
export const describeGraph = (def: MetaGraphDef): Description => describe(def, { ops: opDefs() });

/**
 * The sections, from the title on; `what` is the file or its part. Of a GraphDef alone, those of a MetaGraph are left out.
 */
export function graphSections(
  what: string,
  def: MetaGraphDef,
  found: Description = describeGraph(def),
  isGraphDef = false,
): string[] {
  const title = isGraphDef
    ? "GraphDef"
    : `MetaGraph of TensorFlow ${found.tensorflowVersion || "(no version)"}, GraphDef`;
  const head = [
    `${what}: ${title} version ${found.producer}`,
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
    ...(found.unknownOps.length
      ? [
          section(
            "Unknown ops",
            found.unknownOps.map(({ op, nodes }) => [op, nodes.length, nodes.slice(0, 3).join(", ")]),
          ),
        ]
      : []),
    ...(isGraphDef ? [] : metaGraphSections(def, found)),
  ];
}

/** What a MetaGraph has besides its graph. */
function metaGraphSections(def: MetaGraphDef, found: Description): string[] {
  return [
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
    ...(found.signatures.length ? [signatureSections(found).join("\n\n")] : []),
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

/** The SaverDef under its field names; null where there is none. */
export function saverOf(def: MetaGraphDef): Readonly<Record<string, string | number | boolean>> | null {
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
