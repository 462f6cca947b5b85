// Shapes of imported nodes: what the shape function says, together with the file's `_output_shapes`.
// Source: graph_constructor.cc (ValidateShape).
import { TfError } from "@org/errors";
import { Shape } from "@org/tensor";
import { coreShapes } from "./core-shapes.ts";
import type { ImportWarning, PreparedNode } from "./import-node.ts";
import type { KnownShapes, NodePlan } from "./imported-nodes.ts";
import { inferShapes } from "./infer-shapes.ts";
import type { Operation } from "./operation.ts";
import type { ShapeFunction } from "./shape-inference.ts";
import { mergeSentence } from "./tensor.ts";

/** Ops whose shape functions were once wrong: files may state other shapes for them. */
const lenient: ReadonlySet<string> = new Set(
  (
    "RandomShuffleQueue PaddingFIFOQueue FIFOQueue PriorityQueue QueueSize Stack Barrier BarrierReadySize BarrierIncompleteSize " +
    "HashTable MutableHashTable MutableHashTableOfTensors Mutex CuckooTable IndexTable WholeFileReader TextLineReader " +
    "FixedLengthRecordReader TFRecordReader IdentityReader RefSwitch RefEnter RefNextIteration RefMerge RefIdentity LMDBReader " +
    "ConditionalAccumulator SparseConditionalAccumulator Table"
  ).split(" "),
);

/** How many results are kept for nodes that are alike; their inputs have few shapes, as a rule. */
const mostKnown = 8;

/**
 * Sets the shapes of imported ops, in an order in which inputs come first.
 * Throws TfError INVALID_ARGUMENT where the file contradicts the shape function.
 */
export function importShapes(
  ops: readonly Operation[],
  order: Int32Array,
  prepared: readonly (PreparedNode | NodePlan)[],
  producer: number,
  warn: (warning: ImportWarning) => void,
): void {
  for (let at = 0; at < order.length; at++) {
    const i = order[at]!;
    const op = ops[i]!;
    const node = prepared[i]!;
    const stated = node.shapes;
    const { outputs } = op;
    if (stated !== undefined && stated.length > outputs.length)
      warn({
        kind: "output-shapes",
        node: op.name,
        op: op.type,
        message: `Node '${op.name}' has ${outputs.length} outputs but the _output_shapes attribute specifies shapes for ${stated.length} outputs. Output shapes may be inaccurate.`,
      });
    const shape = node.registered?.shape;
    if (shape === undefined) {
      op.importedShapes = stated;
      for (let k = 0; k < outputs.length; k++) outputs[k]!.replaceShape(stated?.[k] ?? Shape.unknown);
      continue;
    }
    const found = known(op, node) ?? infer(op, node, shape, producer);
    for (let k = 0; k < outputs.length; k++) outputs[k]!.replaceShape(found.outputs[k]!);
    op.statedShapes = found.stated;
  }
}

/** What was found for a node like this, with inputs of the same shapes. */
function known(op: Operation, node: PreparedNode | NodePlan): KnownShapes | undefined {
  if (!("known" in node)) return undefined;
  const { inputs } = op;
  search: for (const one of node.known) {
    for (let k = 0; k < inputs.length; k++) if (inputs[k]!.shape !== one.inputs[k]) continue search;
    return one;
  }
  return undefined;
}

function infer(
  op: Operation,
  node: PreparedNode | NodePlan,
  shape: ShapeFunction,
  producer: number,
): KnownShapes {
  const stated = node.shapes;
  const inferred = inferShapes(
    {
      name: op.name,
      type: op.type,
      attrs: op.attrs,
      inputs: op.inputs,
      outputCount: op.outputs.length,
      producer,
    },
    shape,
  );
  const outputs = op.outputs.map((_, k) => {
    op.setHandle(k, inferred.handles[k]);
    const mine = inferred.shapes[k]!;
    const theirs = stated?.[k];
    const merged = theirs === undefined ? mine : mine.mergeWith(theirs);
    if (merged === undefined && !lenient.has(op.type))
      throw new TfError(
        "INVALID_ARGUMENT",
        `Node '${op.name}' has an _output_shapes attribute inconsistent with the GraphDef for output #${k}: ${mergeSentence(mine, theirs!)}`,
        { node: op.name, op: op.type },
      );
    // One object for one shape: that exports find what the file states without comparing.
    if (theirs !== undefined && merged?.equals(theirs)) return theirs;
    return merged ?? mine;
  });
  const result: KnownShapes = {
    inputs: op.inputs.map((input) => input.shape),
    outputs,
    stated: stated?.some((one, k) => outputs[k] !== undefined && one !== outputs[k])
      ? outputs.map((now, k) => stated[k] && { stated: stated[k], known: now })
      : undefined,
  };
  // A Const's shape function reads of its tensor what nodes of one signature share.
  const alike = "known" in node && (!node.cut || shape === coreShapes.Const);
  if (alike && inferred.fromShapesAlone && node.known.length < mostKnown) node.known.push(result);
  return result;
}
