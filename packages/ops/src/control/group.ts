// Ordering by control edges: one op that runs others, tensors that wait for ops. Not conditionals or loops.
// Source: group, tuple, with_dependencies in python/ops/control_flow_ops.py.
import {
  type Graph,
  IndexedSlices,
  isIndexedSlices,
  isOperation,
  isTensor,
  type Operation,
  type Tensor,
} from "@org/graph";
import { group as groupOf } from "@org/variables";
import { resolveGraph } from "../convert.ts";
import type { NameOption } from "../tensor-like.ts";

/** What can be waited for. */
export type Groupable = Operation | Tensor | IndexedSlices | { readonly op: Operation };

interface GraphOption extends NameOption {
  readonly graph?: Graph | undefined;
}

/** tf.no_op: an op that does nothing; what runs it runs its control inputs. @tfExport noOp */
export function noOp(options: GraphOption = {}): Operation {
  return resolveGraph([], options.graph).createOp("NoOp", [], { name: options.name ?? "NoOp" });
}

/** tf.group: an op that is done when all of `inputs` are. With inputs on several devices, a NoOp on each. @tfExport group */
export function group(inputs: readonly Groupable[], options: GraphOption = {}): Operation {
  const nodes = inputs.map(waitable);
  const { name } = options;
  return groupOf(resolveGraph(nodes, options.graph), nodes, name === undefined ? {} : { name });
}

/** The operation or tensor that control edges come from. */
function waitable(input: Groupable): Operation | Tensor {
  if (isIndexedSlices(input)) return input.values;
  if (isOperation(input) || isTensor(input)) return input;
  if (typeof input === "object" && input !== null && "op" in input) return input.op;
  throw new TypeError(`Expected tf.group() expected Tensor objects not '${input}'`);
}

/** `output` as a node that waits for `dependencies`: an Identity beside it. Source: with_dependencies. */
export function withDependencies<T extends Tensor | IndexedSlices>(
  dependencies: readonly Groupable[],
  output: T,
  options: NameOption = {},
): T {
  const { graph } = output;
  const tensor: Tensor = isIndexedSlices(output) ? output.values : (output as Tensor);
  return graph.nameScope(options.name ?? "control_dependency", (scope) =>
    graph.colocateWith(tensor.op, () =>
      graph.controlDependencies(dependencies.map(waitable), () => {
        const type = tensor.isRef ? "RefIdentity" : "Identity";
        const waiting = graph.createOp(type, [tensor], { name: scope }).outputs[0]!;
        return (
          isIndexedSlices(output) ? new IndexedSlices(waiting, output.indices, output.denseShape) : waiting
        ) as T;
      }),
    ),
  );
}

/**
 * tf.tuple: the same tensors, none of which is there before all are computed (and `controlInputs` have run); undefined
 * stays undefined. Throws a TypeError where there is no tensor at all.
 * @tfExport tuple
 */
export function tuple<T extends Tensor | IndexedSlices | undefined>(
  tensors: readonly T[],
  options: NameOption & { readonly controlInputs?: readonly Groupable[] } = {},
): T[] {
  const given = tensors.filter((tensor) => tensor !== undefined) as (Tensor | IndexedSlices)[];
  if (given.length === 0)
    throw new TypeError(`Must have at least one Tensor: [${tensors.map(() => "None")}]`);
  const { graph } = given[0]!;
  return graph.asDefault(() =>
    graph.nameScope(options.name ?? "tuple", () => {
      const gating = new Set([
        ...given.map((tensor) => tensor.op),
        ...(options.controlInputs ?? []).map(waitable).map((input) => (isTensor(input) ? input.op : input)),
      ]);
      const gate = group(
        [...gating].sort((a, b) => a.id - b.id),
        { graph },
      );
      return tensors.map((tensor) =>
        tensor === undefined ? tensor : withDependencies([gate], tensor),
      ) as T[];
    }),
  );
}
