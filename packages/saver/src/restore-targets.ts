// What a restore op consists of, read from the graph: ops that assign, and for each the keys that it takes from the checkpoint. So it is
// known for Savers of imported files, too. Not here: reading checkpoints.
import { constantValue, type Graph, type Operation, type Tensor } from "@org/graph";
import { type DType, type Shape, toStrings } from "@org/tensor";

/** A tensor that a restore op reads. */
export interface RestoredTensor {
  readonly key: string;
  /** "" for the whole. */
  readonly sliceSpec: string;
  readonly dtype: DType;
  /** The output of the op that reads. */
  readonly tensor: Tensor;
  /** What the variable that takes it as it is wants; undefined where that is not known or may be anything (slices, reshaping). */
  readonly shape: Shape | undefined;
}

/** An op that puts tensors back: an assignment, a table's import. */
export interface RestoreTarget {
  readonly op: Operation;
  readonly reads: readonly RestoredTensor[];
}

const readers: ReadonlySet<string> = new Set(["RestoreV2", "Restore", "RestoreSlice"]);

/** What the op `restoreOpName` restores, in the graph's order. */
export function restoreTargets(graph: Graph, restoreOpName: string): RestoreTarget[] {
  const leaves = new Set<Operation>();
  const seen = new Set<Operation>();
  const open = [graph.getOperationByName(restoreOpName)];
  for (let op = open.pop(); op; op = open.pop()) {
    if (seen.has(op)) continue;
    seen.add(op);
    if (op.type === "NoOp") open.push(...op.controlInputs);
    else leaves.add(op);
  }
  return [...leaves]
    .sort((a, b) => a.id - b.id)
    .map((op) => ({ op, reads: readsOf(op) }))
    .filter(({ reads }) => reads.length > 0);
}

/** The tensors that `leaf` takes from a checkpoint, whatever lies between. */
function readsOf(leaf: Operation): RestoredTensor[] {
  const found = new Map<Tensor, RestoredTensor>();
  const seen = new Set<Operation>();
  const open = [leaf];
  for (let op = open.pop(); op; op = open.pop()) {
    if (seen.has(op)) continue;
    seen.add(op);
    for (const input of op.inputs) {
      if (!readers.has(input.op.type)) open.push(input.op);
      else if (!found.has(input)) {
        const read = readOf(input, leaf);
        if (read) found.set(input, read);
      }
    }
  }
  return [...found.values()];
}

function readOf(tensor: Tensor, leaf: Operation): RestoredTensor | undefined {
  const { op, valueIndex } = tensor;
  const strings = (input: number): string[] | undefined => {
    const value = op.inputs[input] && constantValue(op.inputs[input]);
    return value && toStrings(value);
  };
  const key = strings(1)?.[valueIndex];
  if (key === undefined) return undefined;
  const sliceSpec = strings(2)?.[valueIndex] ?? "";
  const shape = sliceSpec === "" ? wantedShape(tensor, leaf) : undefined;
  return { key, sliceSpec, dtype: tensor.dtype, tensor, shape };
}

/** The shape of the variable that `leaf` assigns `tensor` to. */
function wantedShape(tensor: Tensor, leaf: Operation): Shape | undefined {
  const [target, value] = leaf.inputs;
  if (leaf.type === "Assign")
    return value === tensor && leaf.attrs.bool("validate_shape") ? target!.shape : undefined;
  if (leaf.type !== "AssignVariableOp") return undefined;
  const direct = value === tensor || (value!.op.type === "Identity" && value!.op.inputs[0] === tensor);
  return direct ? target!.op.handles[target!.valueIndex]?.shape : undefined;
}
