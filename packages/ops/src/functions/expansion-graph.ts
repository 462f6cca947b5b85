// A graph that an op is expanded to, begun: a placeholder for each input, in the op's name scope.
import {
  type CreateOpOptions,
  FunctionLibrary,
  Graph,
  type Operation,
  type OpInput,
  type OpRegistry,
  type Tensor,
} from "@org/graph";
import { Shape } from "@org/tensor";

/** Runs `build` in a new graph under the name of `op`, with a placeholder for each of its inputs. */
export function inExpansion<R>(
  op: Operation,
  ops: OpRegistry,
  build: (graph: Graph, inputs: readonly Tensor[]) => R,
): R {
  const graph = new Graph({ ops, library: new FunctionLibrary(op.graph.library) });
  graph.versions = { ...graph.versions, producer: op.graph.versions.producer };
  return graph.asDefault(() =>
    graph.nameScope(op.name, () => {
      const inputs = op.inputs.map(({ dtype, op: from, valueIndex }) => {
        const input = made(graph, "Placeholder", [], {
          name: "input",
          attrs: { dtype, shape: Shape.unknown },
        });
        input.op.setHandle(0, from.handles[valueIndex]);
        return input;
      });
      return build(graph, inputs);
    }),
  );
}

/** The first output of a new node. */
export function made(
  graph: Graph,
  type: string,
  inputs: readonly OpInput[],
  options: CreateOpOptions = {},
): Tensor {
  return graph.createOp(type, inputs, options).outputs[0]!;
}

/** `value` as what a Switch or LoopCond takes: a bool scalar. Numbers are true unless they are 0, texts and arrays unless they are empty. */
export function truth(graph: Graph, value: Tensor): Tensor {
  if (value.dtype === "bool" && value.shape.rank === 0) return value;
  return made(graph, "ToBool", [value]);
}
