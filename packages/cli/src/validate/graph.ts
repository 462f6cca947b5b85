// Checks a MetaGraph: that it imports whole (nodes, inputs, attributes, functions, collections), that its Saver and signatures name what is there, and
// that its ops are known.
import { isTfError } from "@org/errors";
import { createOpRegistry, type OpRegistry } from "@org/graph";
import { opDefs, versionOfProducer } from "@org/graph/op-defs";
import { describe, importMetaGraph } from "@org/metagraph";
import type { MetaGraphDef, SignatureDef } from "@org/proto";
import type { Problem } from "./problem.ts";
import { problemOf } from "./problem.ts";

/** The problems of a MetaGraph in `file`; `part` is which one of several. */
export function graphProblems(def: MetaGraphDef, file: string, part?: string): Problem[] {
  const problems: Problem[] = [];
  const add = (severity: Problem["severity"], place: string | undefined, message: string): void => {
    const where = [part, place].filter((one) => one !== undefined).join(": ");
    problems.push({ file, ...(where === "" ? {} : { place: where }), message, severity });
  };
  if (!def.graphDef) add("error", undefined, "there is no GraphDef in it");
  const ops = opsOf(def);
  checkImport(def, ops, file, add);
  for (const { op, nodes } of describeOf(def, ops, file, add)?.unknownOps ?? [])
    add(
      "warning",
      nodes[0],
      `Op type not registered '${op}'${nodes.length > 1 ? `, and in ${nodes.length - 1} more nodes` : ""}`,
    );
  checkNames(def, add);
  return problems;
}

/** What the TensorFlow that wrote the graph knew of ops, the newest where it does not say, and then what others know. */
function opsOf(def: MetaGraphDef): OpRegistry {
  const producer = def.graphDef?.versions?.producer ?? 0;
  return createOpRegistry(opDefs(producer === 0 ? "2.21" : versionOfProducer(producer)), {
    fallback: opDefs(),
  });
}

type Add = (severity: Problem["severity"], place: string | undefined, message: string) => void;

/** Imports nodes and collections apart, so that both are heard of. */
function checkImport(def: MetaGraphDef, ops: OpRegistry, file: string, add: Add): void {
  const warn = (warning: { readonly message: string; readonly node?: string; readonly key?: string }): void =>
    add("warning", warning.node ?? warning.key, warning.message);
  try {
    importMetaGraph(def, { ops, onWarning: warn });
    return;
  } catch (error) {
    const { place, message } = problemOf(error, file);
    // A part of a graph, exported by its scope: whole, if somebody gives it what it lacks.
    const partial = message.startsWith("Graph contains unbound inputs");
    add(partial ? "warning" : "error", place, message);
    if (partial) return;
  }
  // Without its collections, one after the other: which of them are broken?
  for (const key of Object.keys(def.collectionDef))
    try {
      importMetaGraph(def, {
        ops,
        onWarning: () => {},
        restoreCollectionsPredicate: (one) => one === key,
      });
    } catch (error) {
      if (!isTfError(error)) throw error;
      if (error.place.key === key || (error.code !== "INVALID_ARGUMENT" && error.place.node === undefined))
        add("error", `collection ${key}`, error.sentence);
    }
}

function describeOf(
  def: MetaGraphDef,
  ops: OpRegistry,
  file: string,
  add: Add,
): ReturnType<typeof describe> | undefined {
  try {
    return describe(def, { ops });
  } catch (error) {
    const { place, message } = problemOf(error, file);
    add("error", place, message);
    return undefined;
  }
}

/** What Saver and signatures name has to be there. */
function checkNames(def: MetaGraphDef, add: Add): void {
  const names = new Set((def.graphDef?.node ?? []).map(({ name }) => name));
  const check = (place: string, tensor: string): void => {
    if (tensor !== "" && !names.has(tensor.replace(/^\^/, "").replace(/:\d+$/, "")))
      add("error", place, `it names ${tensor}, and there is no such node`);
  };
  const saver = def.saverDef;
  if (saver)
    for (const [field, name] of [
      ["filename_tensor_name", saver.filenameTensorName],
      ["save_tensor_name", saver.saveTensorName],
      ["restore_op_name", saver.restoreOpName],
    ] as const)
      check(`saver_def.${field}`, name);
  for (const [key, signature] of Object.entries(def.signatureDef))
    for (const [side, tensors] of sides(signature))
      for (const [name, info] of Object.entries(tensors))
        check(`signature ${key}, ${side} ${name}`, info.name ?? "");
}

const sides = ({ inputs, outputs }: SignatureDef) =>
  [
    ["input", inputs],
    ["output", outputs],
  ] as const;
