// A function's body as a graph of its own, with a placeholder for each argument: what a call is expanded to, and what a gradient of a
// function is built in. Source: python/framework/function_def_to_graph.py (function_def_to_graph).
import { TfError } from "@org/errors";
import type { IAttrValue, IFunctionDef, IOpDef } from "@org/proto";
import { dtypeFromProto, Shape } from "@org/tensor";
import { functionDefToGraphDef } from "./function-def-to-graph-def.ts";
import type { FunctionLibrary } from "./function-library.ts";
import { Graph } from "./graph.ts";
import { importGraphDef } from "./import-graph-def.ts";
import { createOpRegistry, type OpRegistry } from "./op-registry.ts";
import type { HandleData, Operation } from "./operation.ts";
import type { Tensor } from "./tensor.ts";

/** What is known of an argument beyond its type. */
export interface ArgumentShape {
  readonly shape?: Shape;
  /** What variable is behind a resource handle. */
  readonly handle?: HandleData | undefined;
}

export interface FunctionGraphOptions {
  /** What ops the body may have. */
  readonly ops: OpRegistry;
  /** OpDefs of ops that `ops` lacks: they can be told apart then, but not run. */
  readonly described?: OpRegistry;
  /** The functions that the body may call. */
  readonly library: FunctionLibrary;
  /** What the call gives to the function's attributes. */
  readonly attrs?: Readonly<Record<string, IAttrValue>>;
  /** By argument. */
  readonly inputs?: readonly (ArgumentShape | undefined)[];
  /** Name scope that all is put under; default none. */
  readonly name?: string;
  /** GraphDef producer that shape functions go by; default: this TensorFlow's. */
  readonly producer?: number;
}

/** A function's body as a graph. */
export interface FunctionGraph {
  readonly graph: Graph;
  /** A Placeholder's output for each argument. */
  readonly inputs: readonly Tensor[];
  /** What is returned: tensors of the body, or placeholders. */
  readonly outputs: readonly Tensor[];
  /** Nodes that run whenever the function is called. */
  readonly controlOutputs: readonly Operation[];
  /** The body's own operations. */
  readonly operations: readonly Operation[];
}

/**
 * Builds the body of `def` in a new graph.
 * Throws TfError INVALID_ARGUMENT where the function is not well-formed, as `functionDefToGraphDef` and `importGraphDef` do; NOT_FOUND where it
 * returns what an op gives that nobody describes.
 */
export function functionDefToGraph(def: IFunctionDef, options: FunctionGraphOptions): FunctionGraph {
  const { library, ops } = options;
  const opDef = (type: string): IOpDef | undefined =>
    (ops.get(type) ?? library.op(type) ?? options.described?.get(type))?.opDef;
  const nodes = functionDefToGraphDef(def, { opDef, ...(options.attrs ? { attrs: options.attrs } : {}) });
  const graph = new Graph({ ops, library });
  const producer = options.producer ?? graph.versions.producer;
  graph.versions = { ...graph.versions, producer };
  return graph.nameScope(options.name ?? "", (scope) => {
    const inputs = nodes.arguments.map(({ name, type }, i) => {
      const dtype = dtypeFromProto(type)?.dtype;
      if (dtype === undefined)
        throw new TfError("INVALID_ARGUMENT", `Argument ${name} of function ${nodes.name} has no type`);
      const known = options.inputs?.[i];
      const op = graph.createOp("Placeholder", [], {
        name,
        attrs: { dtype, shape: known?.shape ?? Shape.unknown },
      });
      op.setHandle(0, known?.handle);
      return op.outputs[0]!;
    });
    const argument = new Map(nodes.arguments.map(({ name }, i) => [name, inputs[i]!]));
    const read = new Set(nodes.nodes.flatMap((node) => node.input ?? []));
    const inputMap = new Map<string, Tensor | Operation>();
    for (const [name, tensor] of argument) {
      if (read.has(name)) inputMap.set(`${name}:0`, tensor);
      if (read.has(`^${name}`)) inputMap.set(`^${name}`, tensor.op);
    }
    const described = createOpRegistry(
      { fallback: { get: (type) => library.op(type), names: () => [] } },
      ...(options.described ? [{ fallback: options.described }] : []),
    );
    const { operations } = importGraphDef(
      { node: nodes.nodes, versions: { producer } },
      { graph, name: scope, inputMap, producerOps: described },
    );
    const byName = new Map(operations.map((op, i) => [nodes.nodes[i]!.name ?? "", op]));
    return {
      graph,
      inputs,
      outputs: nodes.outputs.map((name) => {
        const [node = "", index = "0"] = name.split(":");
        const found = argument.get(name) ?? byName.get(node)?.outputs[Number(index)];
        if (found !== undefined) return found;
        const op = byName.get(node);
        // What an op that nobody describes gives is not known.
        throw op !== undefined && op.opDef === undefined
          ? new TfError("NOT_FOUND", `Op type not registered '${op.type}' in binary`, {
              node: op.name,
              op: op.type,
            })
          : new TfError("INVALID_ARGUMENT", `Function ${nodes.name} returns ${name}, which it lacks`);
      }),
      controlOutputs: nodes.controlOutputs.map((name) => byName.get(name)!),
      operations,
    };
  });
}
