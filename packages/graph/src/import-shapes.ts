// Shapes of imported nodes: what the shape function says, together with the file's `_output_shapes`.
// Source: graph_constructor.cc (ValidateShape).
import { TfError } from "@org/errors";
import { Shape } from "@org/tensor";
import type { ImportWarning, PreparedNode } from "./import-node.ts";
import { inferShapes } from "./infer-shapes.ts";
import type { Operation } from "./operation.ts";
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

/**
 * Sets the shapes of imported ops, in an order in which inputs come first.
 * Throws TfError INVALID_ARGUMENT where the file contradicts the shape function.
 */
export function importShapes(
  ops: readonly Operation[],
  order: Int32Array,
  prepared: readonly PreparedNode[],
  producer: number,
  warn: (warning: ImportWarning) => void,
): void {
  for (const i of order) {
    const op = ops[i]!;
    const stated = prepared[i]!.shapes;
    const shape = op.registered?.shape;
    if (stated !== undefined && stated.length > op.outputs.length)
      warn({
        kind: "output-shapes",
        node: op.name,
        op: op.type,
        message: `Node '${op.name}' has ${op.outputs.length} outputs but the _output_shapes attribute specifies shapes for ${stated.length} outputs. Output shapes may be inaccurate.`,
      });
    if (shape === undefined) {
      op.importedShapes = stated;
      for (const [k, output] of op.outputs.entries()) output.replaceShape(stated?.[k] ?? Shape.unknown);
      continue;
    }
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
    for (const [k, output] of op.outputs.entries()) {
      op.handles[k] = inferred.handles[k];
      const mine = inferred.shapes[k]!;
      const theirs = stated?.[k];
      const merged = theirs === undefined ? mine : mine.mergeWith(theirs);
      if (merged === undefined && !lenient.has(op.type))
        throw new TfError(
          "INVALID_ARGUMENT",
          `Node '${op.name}' has an _output_shapes attribute inconsistent with the GraphDef for output #${k}: ${mergeSentence(mine, theirs!)}`,
          { node: op.name, op: op.type },
        );
      output.replaceShape(merged ?? mine);
    }
    if (stated?.some((shape, k) => op.outputs[k] !== undefined && !shape.equals(op.outputs[k].shape)))
      op.statedShapes = op.outputs.map(({ shape }, k) => stated[k] && { stated: stated[k], known: shape });
  }
}
