// PartitionedVariable: several variables that are the slices of one, concatenated where a tensor is wanted.
// Source: python/ops/variables.py, PartitionedVariable. Making the slices (partitioners) belongs to getVariable.
import { TfError } from "@org/errors";
import {
  type Graph,
  type Tensor,
  type TensorConversionOptions,
  type TensorConvertible,
  tensorConversion,
} from "@org/graph";
import { type DType, Shape } from "@org/tensor";
import type { VariableBase } from "./variable-options.ts";

const brand = Symbol.for("@org/variables.partitioned");

/** Whether `value` is a PartitionedVariable, also one of another copy of this package. */
export function isPartitionedVariable(value: unknown): value is PartitionedVariable {
  return typeof value === "object" && value !== null && (value as { [brand]?: unknown })[brand] === true;
}

export interface PartitionedVariableOptions {
  readonly name: string;
  /** Of the whole. */
  readonly shape: readonly number[];
  readonly dtype: DType;
  readonly variables: readonly VariableBase[];
  /** Number of partitions per dimension. */
  readonly partitions: readonly number[];
}

/** The parts of one variable, in the order of their offsets. */
// biome-ignore lint/suspicious/noUnsafeDeclarationMerging: the static block makes what the interface says
export class PartitionedVariable {
  static {
    Object.defineProperty(PartitionedVariable.prototype, brand, { value: true });
    Object.defineProperty(PartitionedVariable.prototype, tensorConversion, {
      value(this: PartitionedVariable, options: TensorConversionOptions = {}): Tensor {
        if (options.asRef)
          throw new TypeError("PartitionedVariable doesn't support being used as a reference.");
        return this.asTensor();
      },
    });
  }
  readonly name: string;
  readonly shape: Shape;
  readonly dtype: DType;
  /** Number of partitions per dimension. */
  readonly partitions: readonly number[];
  /** The parts, sorted by offset. */
  readonly variables: readonly VariableBase[];

  /** Throws TfError INVALID_ARGUMENT where a part has no save slice, or one of another full shape. */
  constructor(options: PartitionedVariableOptions) {
    checkParts(options);
    this.name = options.name;
    this.shape = Shape.of(options.shape);
    this.dtype = options.dtype;
    this.partitions = [...options.partitions];
    this.variables = [...options.variables].sort((a, b) =>
      compareOffsets(a.saveSliceInfo!.varOffset, b.saveSliceInfo!.varOffset),
    );
  }

  get graph(): Graph {
    return this.variables[0]!.graph;
  }

  [Symbol.iterator](): Iterator<VariableBase> {
    return this.variables[Symbol.iterator]();
  }

  /** The dimensions that are cut, or [0] where none is. */
  partitionAxes(): number[] {
    const axes = this.partitions.flatMap((count, axis) => (count > 1 ? [axis] : []));
    return axes.length === 0 ? [0] : axes;
  }

  /**
   * The whole value: new Concat and Identity ops named after the variable, free of the current control dependencies.
   * Throws TfError UNIMPLEMENTED where more than one dimension is cut.
   */
  asTensor(): Tensor {
    const { graph } = this;
    return graph.controlDependencies(null, () => {
      const reads = this.variables.map((variable) => variable.value());
      return graph.nameScope(null, () => {
        if (reads.length === 1) return identity(graph, reads[0]!, this.name);
        const axes = this.partitionAxes();
        if (axes.length > 1)
          throw new TfError(
            "UNIMPLEMENTED",
            `Cannot concatenate along more than one dimension: [${axes}].  Multi-axis partition concat is not supported`,
            { key: this.name },
          );
        const whole = graph.nameScope(`${this.name}/ConcatPartitions/`, () =>
          graph.nameScope("concat", (scope) => {
            const axis = graph.createOp("Const", [], {
              name: "axis",
              attrs: { value: { dtype: "int32", shape: [], data: Int32Array.of(axes[0]!) }, dtype: "int32" },
            });
            return graph.createOp("ConcatV2", [reads, axis.outputs[0]!], { name: scope }).outputs[0]!;
          }),
        );
        return identity(graph, whole, this.name);
      });
    });
  }
}

/** Its symbol-keyed members: isolatedDeclarations allows none in a class. */
export interface PartitionedVariable extends TensorConvertible {}

function checkParts({ name, shape, variables, partitions }: PartitionedVariableOptions): void {
  const fail = (message: string): TfError => new TfError("INVALID_ARGUMENT", message, { key: name });
  if (variables.length === 0) throw fail("variable_list may not be empty");
  if (!partitions.every((count) => count >= 1))
    throw fail(`partition values must be positive: [${partitions}]`);
  if (shape.length !== partitions.length)
    throw fail(`len(shape) != len(partitions): [${shape}] vs. [${partitions}]`);
  for (const variable of variables) {
    const slice = variable.saveSliceInfo;
    if (!slice)
      throw fail(
        `All variables must have a save_slice_info available: ${variables.map((v) => v.name).join(", ")}`,
      );
    if (slice.fullShape.join() !== shape.join())
      throw fail(
        `All variables' full shapes must match shape: [${shape}]; but full shapes were: [${slice.fullShape}]`,
      );
  }
}

const identity = (graph: Graph, tensor: Tensor, name: string): Tensor =>
  graph.createOp("Identity", [tensor], { name }).outputs[0]!;

function compareOffsets(a: readonly number[], b: readonly number[]): number {
  for (const [i, offset] of a.entries()) if (offset !== b[i]) return offset - b[i]!;
  return 0;
}
