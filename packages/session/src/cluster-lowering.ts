// From a cluster, for concrete shapes, to one hlo computation: calls each node's lowering in order. Variables are in
// single-assignment form here: a read yields the instruction of the last assignment before it. What is folded is
// evaluated when it is asked for. Nothing is launched.
import { TfError } from "@org/errors";
import type { Tensor } from "@org/graph";
import { evaluate, HloBuilder, type HloComputation, type HloDType, type HloInstruction } from "@org/hlo";
import type { DType, NdArray } from "@org/tensor";
import { type Cluster, sourceKey } from "./cluster.ts";
import { located } from "./faults.ts";
import { evaluateHostKernel } from "./host-context.ts";
import { asLowered, NodeLowering } from "./node-lowering.ts";
import type { PlanNode, Source } from "./plan-node.ts";
import { uninitialized } from "./variable-state.ts";

/** What a cluster is lowered for. */
export interface ClusterShapes {
  /** By ClusterInput. */
  readonly inputDims: readonly (readonly number[])[];
  /** By ClusterInput: the contents of those with `host`. */
  readonly inputArrays: readonly (NdArray | undefined)[];
  /** By ClusterVariable; undefined for one without a value. */
  readonly variableDims: readonly (readonly number[] | undefined)[];
  readonly variableNames: readonly string[];
}

/** Where a value of the cluster is after its computation ran. */
export type Result =
  | { readonly kind: "root"; readonly root: number }
  | { readonly kind: "array"; readonly array: NdArray }
  | { readonly kind: "input"; readonly input: number }
  | { readonly kind: "variable"; readonly variable: number }
  | { readonly kind: "shape"; readonly dims: readonly number[] }
  | { readonly kind: "ref"; readonly variable: number };

export interface LoweredCluster {
  readonly computation: HloComputation;
  /** What parameter i of the computation is. */
  readonly parameters: readonly ({ readonly input: number } | { readonly variable: number })[];
  /** By ClusterOutput. */
  readonly outputs: readonly Result[];
  readonly assigned: readonly { readonly variable: number; readonly value: Result }[];
}

/** An output of a node while lowering: an instruction, an array that is known, or (a known one that kernels use) both. */
interface Cell {
  instruction?: HloInstruction;
  array?: NdArray;
  /** Whether the array was told from shapes, so that kernels must not be specialised for it. */
  readonly fromExtents: boolean;
}

export function lowerCluster(cluster: Cluster, shapes: ClusterShapes): LoweredCluster {
  const lowering = new ClusterLowering(cluster, shapes);
  for (const node of cluster.nodes) lowering.lower(node);
  return lowering.finish();
}

class ClusterLowering {
  readonly builder: HloBuilder;
  readonly #cluster: Cluster;
  readonly #shapes: ClusterShapes;
  readonly #cells: Map<PlanNode, readonly (Cell | undefined)[]> = new Map();
  readonly #folded: Map<PlanNode, readonly NdArray[]> = new Map();
  readonly #parameters: ({ input: number } | { variable: number })[] = [];
  readonly #inputs: Map<number, HloInstruction> = new Map();
  readonly #initial: (HloInstruction | undefined)[];
  readonly #current: (HloInstruction | undefined)[];

  constructor(cluster: Cluster, shapes: ClusterShapes) {
    this.#cluster = cluster;
    this.#shapes = shapes;
    this.builder = new HloBuilder(cluster.nodes[0]!.op.name);
    this.#initial = cluster.variables.map(() => undefined);
    this.#current = cluster.variables.map(() => undefined);
  }

  /** Lowers `node` unless that is done. */
  lower(node: PlanNode): readonly (Cell | undefined)[] {
    const done = this.#cells.get(node);
    if (done !== undefined) return done;
    let cells: readonly (Cell | undefined)[];
    try {
      cells = this.#lower(node);
    } catch (error) {
      throw located(error, node);
    }
    this.#cells.set(node, cells);
    return cells;
  }

  #lower(node: PlanNode): readonly (Cell | undefined)[] {
    switch (node.kind) {
      case "noop":
        return [];
      case "const":
        return [{ array: node.op.attrs.tensor("value"), fromExtents: false }];
      case "fromShapes":
        return this.#fromShapes(node).map((array) => ({ array, fromExtents: true }));
      case "read":
      case "alias":
        if (!node.entry?.lower || node.kind === "read") {
          this.builder.site = node.index;
          return node.inputs.map((_, i) => this.#alias(node, i));
        }
    }
    this.builder.site = node.index;
    if (node.kind === "host")
      return this.#foldHost(node, false).map((array) => ({ array, fromExtents: true }));
    const context = new NodeLowering(node, this.builder, {
      input: (i) => this.#input(node, i),
      hostInput: (i) => this.#array(node.inputs[i]!),
    });
    const lowered = node.entry!.lower!(context);
    const { outputs, assign } = asLowered(lowered);
    for (const [argument, instruction] of assign) this.#assign(node, argument, instruction);
    let next = 0;
    return node.op.outputs.map((output) => {
      if (output.isRef) return undefined;
      const instruction = outputs[next++];
      if (instruction === undefined)
        throw new TfError("INTERNAL", `The lowering of ${node.op.type} yields ${outputs.length} outputs`);
      return { instruction, fromExtents: false };
    });
  }

  /** Known arrays stay known through an alias. */
  #alias(node: PlanNode, i: number): Cell {
    const source = node.inputs[i]!;
    if (node.uses[i]!.access === "variable")
      return { instruction: this.#variable(node, i), fromExtents: false };
    return this.#cell(source) ?? { instruction: this.#parameter(source), fromExtents: false };
  }

  #fromShapes(node: PlanNode): readonly NdArray[] {
    return node.entry!.fromShapes!({
      attrs: node.op.attrs,
      shape: (index) => this.#dims(node, index),
      outputDType: (index) => node.op.outputs[index]!.dtype,
    });
  }

  /** Input `i` of `node` as an instruction. */
  #input(node: PlanNode, i: number): HloInstruction {
    if (node.uses[i]!.access === "variable") return this.#variable(node, i);
    const source = node.inputs[i]!;
    const cell = this.#cell(source);
    return cell ? this.#instruction(cell) : this.#parameter(source);
  }

  /** The cell of a source inside the cluster; undefined for one from outside. */
  #cell(source: Source): Cell | undefined {
    const { node } = source;
    if (node === undefined || (!this.#cells.has(node) && this.#cluster.inputAt.has(sourceKey(source))))
      return undefined;
    return this.lower(node)[source.output];
  }

  #instruction(cell: Cell): HloInstruction {
    if (cell.instruction === undefined) {
      const { dtype, shape, data } = cell.array!;
      if (!cell.fromExtents) cell.instruction = this.builder.constant(cell.array!);
      else if (shape.length === 0 && dtype !== "float16" && dtype !== "bfloat16")
        cell.instruction = this.builder.extent(dtype as HloDType, data[0] as number | bigint);
      else
        cell.instruction = this.builder.instruction("constant", [], {
          value: cell.array!,
          fromExtents: true,
        });
    }
    return cell.instruction;
  }

  #parameter(source: Source): HloInstruction {
    const input = this.#cluster.inputAt.get(sourceKey(source))!;
    let made = this.#inputs.get(input);
    if (made === undefined) {
      made = this.builder.parameter(
        this.#cluster.inputs[input]!.dtype as HloDType,
        this.#shapes.inputDims[input]!,
      );
      this.#parameters.push({ input });
      this.#inputs.set(input, made);
    }
    return made;
  }

  #variable(node: PlanNode, i: number): HloInstruction {
    const variable = this.#cluster.variableAt.get(node)![i]!;
    const current = this.#current[variable];
    if (current !== undefined) return current;
    const dims = this.#shapes.variableDims[variable];
    if (dims === undefined) throw uninitialized(this.#shapes.variableNames[variable]!, node.op.name);
    const { tensor } = node.inputs[i]!;
    const dtype = tensor.dtype === "resource" ? this.#dtypeBehind(variable, tensor) : tensor.dtype;
    const made = this.builder.parameter(dtype as HloDType, dims);
    this.#parameters.push({ variable });
    this.#initial[variable] = made;
    this.#current[variable] = made;
    return made;
  }

  /** Of the variable behind a handle: known, or as the graph says. */
  #dtypeBehind(variable: number, { op, valueIndex, dtype }: Tensor): DType {
    return this.#cluster.variables[variable]!.variable?.dtype ?? op.handles[valueIndex]?.dtype ?? dtype;
  }

  #assign(node: PlanNode, argument: number, instruction: HloInstruction): void {
    const variable = this.#cluster.variableAt.get(node)?.[argument];
    if (variable === undefined || variable < 0)
      throw new TfError(
        "INTERNAL",
        `The lowering of ${node.op.type} assigns input ${argument}, which is no variable`,
      );
    this.#current[variable] = instruction;
  }

  /** Dims of an input, without its value. */
  #dims(node: PlanNode, i: number): readonly number[] {
    if (node.uses[i]!.access === "variable") {
      const variable = this.#cluster.variableAt.get(node)![i]!;
      const dims = this.#current[variable]?.dims ?? this.#shapes.variableDims[variable];
      if (dims === undefined) throw uninitialized(this.#shapes.variableNames[variable]!, node.op.name);
      return dims;
    }
    const source = node.inputs[i]!;
    const cell = this.#cell(source);
    if (cell) return cell.array?.shape ?? this.#instruction(cell).dims;
    return this.#shapes.inputDims[this.#cluster.inputAt.get(sourceKey(source))!]!;
  }

  /** The contents of a source that must be known now. */
  #array(source: Source): NdArray {
    const { node } = source;
    const input = this.#cluster.inputAt.get(sourceKey(source));
    if (input !== undefined && this.#shapes.inputArrays[input] !== undefined)
      return this.#shapes.inputArrays[input]!;
    if (node === undefined || this.#cluster.foldable[node.index] === "no")
      throw new TfError("INTERNAL", `${source.tensor.name} is not known while its cluster is planned`);
    try {
      return this.#fold(node)[source.output]!;
    } catch (error) {
      throw located(error, node);
    }
  }

  #fold(node: PlanNode): readonly NdArray[] {
    let arrays = this.#folded.get(node);
    if (arrays !== undefined) return arrays;
    if (node.kind === "const") arrays = [node.op.attrs.tensor("value")];
    else if (node.kind === "fromShapes") arrays = this.#fromShapes(node);
    else if (node.kind === "alias") arrays = node.inputs.map((source) => this.#array(source));
    else if (node.kind === "host") arrays = this.#foldHost(node, true);
    else {
      const builder = new HloBuilder(node.op.name);
      const context = new NodeLowering(node, builder, {
        input: (i) => builder.constant(this.#array(node.inputs[i]!)),
        hostInput: (i) => this.#array(node.inputs[i]!),
      });
      arrays = evaluate(builder.build(asLowered(node.entry!.lower!(context)).outputs), []);
    }
    this.#folded.set(node, arrays);
    return arrays;
  }

  #foldHost(node: PlanNode, unseen: boolean): readonly NdArray[] {
    return evaluateHostKernel(node, (i) => this.#array(node.inputs[i]!), unseen);
  }

  finish(): LoweredCluster {
    const roots: HloInstruction[] = [];
    const rootOf = (instruction: HloInstruction): Result => {
      if (instruction.opcode === "parameter") {
        const parameter = this.#parameters[(instruction.attributes as { index: number }).index]!;
        return "input" in parameter
          ? { kind: "input", input: parameter.input }
          : { kind: "variable", variable: parameter.variable };
      }
      if (instruction.opcode === "constant")
        return { kind: "array", array: (instruction.attributes as { value: NdArray }).value };
      let root = roots.indexOf(instruction);
      if (root < 0) root = roots.push(instruction) - 1;
      return { kind: "root", root };
    };
    const outputs = this.#cluster.outputs.map((output): Result => {
      if (output.variable >= 0) return { kind: "ref", variable: output.variable };
      const cell = this.#cells.get(output.node)![output.output]!;
      if (output.shapeOnly) return { kind: "shape", dims: cell.array?.shape ?? this.#instruction(cell).dims };
      return cell.array ? { kind: "array", array: cell.array } : rootOf(this.#instruction(cell));
    });
    const assigned = this.#current.flatMap((instruction, variable) =>
      instruction === undefined || instruction === this.#initial[variable]
        ? []
        : [{ variable, value: rootOf(instruction) }],
    );
    return { computation: this.builder.build(roots), parameters: this.#parameters, outputs, assigned };
  }
}
