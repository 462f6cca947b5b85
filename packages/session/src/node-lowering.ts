// One node's view of the lowering that it is part of: what ops' `lower` get, and what they give.
import { type ErrorCode, TfError } from "@org/errors";
import type { HloBuilder, HloInstruction } from "@org/hlo";
import type { Lowered, LoweringContext } from "@org/ops";
import type { DType, NdArray, Shape } from "@org/tensor";
import type { PlanNode } from "./plan-node.ts";

/** What a lowering gave, in full. */
export function asLowered(lowered: HloInstruction | readonly HloInstruction[] | Lowered): {
  readonly outputs: readonly HloInstruction[];
  readonly assign: ReadonlyMap<number, HloInstruction>;
} {
  if (Array.isArray(lowered)) return { outputs: lowered, assign: new Map() };
  if ("opcode" in lowered) return { outputs: [lowered], assign: new Map() };
  const { outputs, assign } = lowered as Lowered;
  return { outputs: outputs ?? [], assign: assign ?? new Map() };
}

export class NodeLowering implements LoweringContext {
  readonly node: string;
  readonly builder: HloBuilder;
  readonly input: (index: number) => HloInstruction;
  readonly hostInput: (index: number) => NdArray;
  readonly #node: PlanNode;

  constructor(
    node: PlanNode,
    builder: HloBuilder,
    inputs: { input: (index: number) => HloInstruction; hostInput: (index: number) => NdArray },
  ) {
    this.#node = node;
    this.node = node.op.name;
    this.builder = builder;
    this.input = (index) => {
      this.#check(index);
      return inputs.input(index);
    };
    this.hostInput = (index) => {
      this.#check(index);
      return inputs.hostInput(index);
    };
  }

  get attrs(): LoweringContext["attrs"] {
    return this.#node.op.attrs;
  }
  get inputCount(): number {
    return this.#node.inputs.length;
  }
  inputDType(index: number): DType {
    this.#check(index);
    return this.#node.inputs[index]!.tensor.dtype;
  }
  outputDType(index: number): DType {
    return this.#node.op.outputs[index]!.dtype;
  }
  outputShape(index: number): Shape {
    return this.#node.op.outputs[index]!.shape;
  }
  fail(code: ErrorCode, sentence: string, hint?: string): never {
    const { name, type } = this.#node.op;
    throw new TfError(code, sentence, { node: name, op: type, ...(hint === undefined ? {} : { hint }) });
  }
  #check(index: number): void {
    if (!(index >= 0 && index < this.#node.inputs.length))
      throw new TypeError(`${this.#node.op.type} has no input ${index}`);
  }
}
