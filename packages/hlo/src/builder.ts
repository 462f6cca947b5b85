// HloBuilder: the one way to make instructions. A method per opcode; each infers its result and checks its
// operands (TypeError for types, TfError INVALID_ARGUMENT for dims, with both shapes). No simplification: see simplify.
import { TfError } from "@org/errors";
import { allocateData, dtypes, type NdArray, ndArray } from "@org/tensor";
import { numberToBfloat16, numberToHalf } from "./evaluator/half.ts";
import { inferResult } from "./infer.ts";
import type {
  Attributes,
  BinaryOpcode,
  Combiner,
  Direction,
  HloComputation,
  HloDType,
  HloInstruction,
  Opcode,
  Reducer,
  UnaryOpcode,
  Window,
} from "./instruction.ts";
import { isTuple } from "./opcodes.ts";
import { sameDims, shapeError, type Typed } from "./typed.ts";

type Value = HloInstruction;

/** The types of all results: one for most instructions, one an operand for sort, what it says for customCall. */
export function resultsOf(instruction: HloInstruction): readonly Typed[] {
  if (instruction.opcode === "sort") return instruction.operands;
  if (instruction.opcode === "customCall")
    return (instruction.attributes as Attributes["customCall"]).results;
  return [instruction];
}

/** An array of one number: `float32` of 1 is [] with 1. int64 and uint64 take numbers and bigints; half and bfloat16 round. */
export function scalarArray(dtype: HloDType, value: number | bigint | boolean): NdArray {
  const data = allocateData(dtype, 1);
  const { storage } = dtypes[dtype];
  if (storage === "i64" || storage === "u64") (data as BigInt64Array)[0] = BigInt(value);
  else if (dtype === "float16") (data as Uint16Array)[0] = numberToHalf(Number(value));
  else if (dtype === "bfloat16") (data as Uint16Array)[0] = numberToBfloat16(Number(value));
  else (data as Float32Array)[0] = Number(value);
  return ndArray(dtype, [], data);
}

/** Builds one computation. Values belong to the builder that made them. */
export class HloBuilder {
  readonly name: string;
  /** What instructions made from now on carry as their `site`. */
  site: number | undefined;
  readonly #instructions: Value[] = [];
  readonly #parameters: Value[] = [];

  constructor(name = "computation") {
    this.name = name;
  }

  /**
   * An instruction of any opcode; the methods below are the typed way to the same. `requested` is the result
   * where operands and attributes do not say it (see inferResult).
   */
  instruction(
    opcode: Opcode,
    operands: readonly Value[],
    attributes?: Attributes[keyof Attributes],
    requested?: Typed,
  ): Value {
    for (const operand of operands) {
      if (!this.#isOwn(operand)) throw new TypeError(`${opcode}: an operand is of another builder`);
      if (isTuple(operand.opcode) && opcode !== "getTupleElement")
        throw new TypeError(`${opcode}: take the results of ${operand.opcode} by getTupleElement`);
    }
    const types = opcode === "getTupleElement" ? [tupleElement(operands, attributes)] : operands;
    const { dtype, dims } = inferResult(opcode, types, attributes, requested);
    const id = this.#instructions.length;
    const made: Value =
      this.site === undefined
        ? { id, opcode, dtype, dims, operands, attributes }
        : { id, opcode, dtype, dims, operands, attributes, site: this.site };
    this.#instructions.push(made);
    return made;
  }

  #isOwn(value: Value): boolean {
    return this.#instructions[value.id] === value;
  }

  /** The next parameter. */
  parameter(dtype: HloDType, dims: readonly number[]): Value {
    const made = this.instruction("parameter", [], { index: this.#parameters.length }, { dtype, dims });
    this.#parameters.push(made);
    return made;
  }

  constant(value: NdArray): Value {
    return this.instruction("constant", [], { value });
  }

  /** A constant of rank 0. */
  scalar(dtype: HloDType, value: number | bigint | boolean): Value {
    return this.constant(scalarArray(dtype, value));
  }

  /** A scalar that was computed from shapes (see Attributes.constant): another batch size may give another value. */
  extent(dtype: HloDType, value: number | bigint): Value {
    return this.instruction("constant", [], { value: scalarArray(dtype, value), fromExtents: true });
  }

  /** 0, 1, 2 ... along `dimension`. */
  iota(dtype: HloDType, dims: readonly number[], dimension: number): Value {
    return this.instruction("iota", [], { dimension }, { dtype, dims });
  }

  unary(opcode: UnaryOpcode, x: Value): Value {
    return this.instruction(opcode, [x]);
  }

  /** Operands of one type and shape; see `broadcastTo` for stretching. */
  binary(opcode: BinaryOpcode, a: Value, b: Value): Value {
    return this.instruction(opcode, [a, b]);
  }

  compare(direction: Direction, a: Value, b: Value): Value {
    return this.instruction("compare", [a, b], { direction });
  }

  select(predicate: Value, onTrue: Value, onFalse: Value): Value {
    return this.instruction("select", [predicate, onTrue, onFalse]);
  }

  /** min(max(x, low), high). */
  clamp(low: Value, x: Value, high: Value): Value {
    return this.instruction("clamp", [low, x, high]);
  }

  /** `x` itself where it has the type already. */
  convert(x: Value, dtype: HloDType): Value {
    return x.dtype === dtype ? x : this.instruction("convert", [x], undefined, { dtype, dims: x.dims });
  }

  /** The same bits as a type of the same width. */
  bitcastConvert(x: Value, dtype: HloDType): Value {
    return x.dtype === dtype
      ? x
      : this.instruction("bitcastConvert", [x], undefined, { dtype, dims: x.dims });
  }

  reshape(x: Value, dims: readonly number[]): Value {
    return this.instruction("reshape", [x], undefined, { dtype: x.dtype, dims });
  }

  /** XLA's BroadcastInDim: operand dimension i is result dimension `dimensions[i]`. */
  broadcast(x: Value, dims: readonly number[], dimensions: readonly number[]): Value {
    return this.instruction("broadcast", [x], { dimensions }, { dtype: x.dtype, dims });
  }

  /**
   * numpy's stretching: aligns dims at the right, stretches those of 1. `x` itself where nothing is to do.
   * Throws TfError INVALID_ARGUMENT where a dim is neither 1 nor the wanted one.
   */
  broadcastTo(x: Value, dims: readonly number[]): Value {
    if (sameDims(x.dims, dims)) return x;
    const shift = dims.length - x.dims.length;
    if (shift < 0 || !x.dims.every((dim, i) => dim === 1 || dim === dims[i + shift]))
      throw shapeError("broadcast", `does not stretch to [${dims}]`, [x]);
    const kept = x.dims.map((_, i) => i).filter((i) => x.dims[i] === dims[i + shift]);
    const squeezed =
      kept.length === x.dims.length
        ? x
        : this.reshape(
            x,
            kept.map((i) => x.dims[i]!),
          );
    return this.broadcast(
      squeezed,
      dims,
      kept.map((i) => i + shift),
    );
  }

  transpose(x: Value, permutation: readonly number[]): Value {
    return this.instruction("transpose", [x], { permutation });
  }

  reverse(x: Value, dimensions: readonly number[]): Value {
    return this.instruction("reverse", [x], { dimensions });
  }

  /** Elements start, start + stride ... below limit, for each dimension; strides are 1 unless given. */
  slice(
    x: Value,
    start: readonly number[],
    limit: readonly number[],
    strides: readonly number[] = start.map(() => 1),
  ): Value {
    return this.instruction("slice", [x], { start, limit, strides });
  }

  pad(x: Value, value: Value, { low, high, interior }: Partial<Attributes["pad"]>): Value {
    const zeros = x.dims.map(() => 0);
    return this.instruction("pad", [x, value], {
      low: low ?? zeros,
      high: high ?? zeros,
      interior: interior ?? zeros,
    });
  }

  concatenate(operands: readonly Value[], dimension: number): Value {
    return this.instruction("concatenate", operands, { dimension });
  }

  dynamicSlice(x: Value, starts: readonly Value[], sizes: readonly number[]): Value {
    return this.instruction("dynamicSlice", [x, ...starts], { sizes });
  }

  dynamicUpdateSlice(x: Value, update: Value, starts: readonly Value[]): Value {
    return this.instruction("dynamicUpdateSlice", [x, update, ...starts]);
  }

  gather(x: Value, indices: Value, axis = 0): Value {
    return this.instruction("gather", [x, indices], { axis });
  }

  scatter(x: Value, indices: Value, updates: Value, combiner: Combiner): Value {
    return this.instruction("scatter", [x, indices, updates], { combiner });
  }

  reduce(x: Value, reducer: Reducer, dimensions: readonly number[]): Value {
    return this.instruction("reduce", [x], { reducer, dimensions });
  }

  argReduce(x: Value, reducer: "maximum" | "minimum", dimension: number): Value {
    return this.instruction("argReduce", [x], { reducer, dimension });
  }

  reduceWindow(x: Value, reducer: Reducer, window: Window): Value {
    return this.instruction("reduceWindow", [x], { reducer, window });
  }

  cumulative(
    x: Value,
    reducer: Reducer,
    dimension: number,
    options: { readonly exclusive?: boolean; readonly reverse?: boolean } = {},
  ): Value {
    const { exclusive = false, reverse = false } = options;
    return this.instruction("cumulative", [x], { reducer, dimension, exclusive, reverse });
  }

  dot(lhs: Value, rhs: Value, attributes: Attributes["dot"]): Value {
    return this.instruction("dot", [lhs, rhs], attributes);
  }

  /** The product of two matrices: contracts lhs's last dimension with rhs's first. */
  matmul(lhs: Value, rhs: Value): Value {
    return this.dot(lhs, rhs, {
      lhsBatch: [],
      rhsBatch: [],
      lhsContracting: [lhs.dims.length - 1],
      rhsContracting: [0],
    });
  }

  convolution(lhs: Value, rhs: Value, attributes: Attributes["convolution"]): Value {
    return this.instruction("convolution", [lhs, rhs], attributes);
  }

  rngBitGenerator(key: Value, counter: Value, dims: readonly number[]): Value {
    return this.instruction(
      "rngBitGenerator",
      [key, counter],
      { algorithm: "philox" },
      { dtype: "uint32", dims },
    );
  }

  /** A tuple: sorted first operand, then the others in that order. */
  sort(operands: readonly Value[], options: { readonly descending?: boolean } = {}): Value {
    return this.instruction("sort", operands, { descending: options.descending ?? false });
  }

  getTupleElement(tuple: Value, index: number): Value {
    return this.instruction("getTupleElement", [tuple], { index });
  }

  /** A tuple of `results`. */
  customCall(
    name: string,
    operands: readonly Value[],
    results: readonly Typed[],
    attributes: Readonly<Record<string, unknown>> = {},
  ): Value {
    return this.instruction("customCall", operands, { name, attributes, results });
  }

  /**
   * The computation of `roots`: what they need in the order it was made, and all parameters.
   * Throws a TypeError for a root that is a tuple or of another builder.
   */
  build(roots: readonly Value[]): HloComputation {
    for (const root of roots) {
      if (!this.#isOwn(root)) throw new TypeError("A root is of another builder");
      if (isTuple(root.opcode)) throw new TypeError(`Root ${root.opcode} is a tuple`);
    }
    const live = new Set<Value>(this.#parameters);
    const pending = [...roots];
    for (let next = pending.pop(); next; next = pending.pop()) {
      if (live.has(next) && next.opcode !== "parameter") continue;
      live.add(next);
      pending.push(...next.operands);
    }
    return {
      name: this.name,
      parameters: [...this.#parameters],
      instructions: this.#instructions.filter((instruction) => live.has(instruction)),
      roots: [...roots],
    };
  }
}

function tupleElement(
  operands: readonly Value[],
  attributes: Attributes[keyof Attributes] | undefined,
): Typed {
  const { index } = attributes as Attributes["getTupleElement"];
  const tuple = operands[0];
  if (!tuple || !isTuple(tuple.opcode)) throw new TypeError("getTupleElement: takes a sort or customCall");
  const result = resultsOf(tuple)[index];
  if (!result)
    throw new TfError("INVALID_ARGUMENT", `getTupleElement: ${tuple.opcode} has no result ${index}`);
  return result;
}
