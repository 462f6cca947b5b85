// Pieces that lowerings are made of: element-wise entries, broadcasting of operands, host arguments as numbers.
// No op's own lowering: those stand beside the ops. Errors are those of TensorFlow's CPU kernels.
import type { BinaryOpcode, Direction, HloDType, HloInstruction, UnaryOpcode } from "@org/hlo";
import type { LoweringContext, OpEntry } from "./op-entry.ts";
import { numbersOf } from "./shape-rules.ts";

/** An entry's `lower`. */
export type Lower = NonNullable<OpEntry["lower"]>;

/** One value per element of input 0. */
export function lowerUnary(opcode: UnaryOpcode): Lower {
  return (c) => c.builder.unary(opcode, c.input(0));
}

/** Whether two shapes stretch to one. */
export function isBroadcastable(a: readonly number[], b: readonly number[]): boolean {
  const rank = Math.min(a.length, b.length);
  for (let i = 1; i <= rank; i++) {
    const [x, y] = [a.at(-i), b.at(-i)];
    if (x !== y && x !== 1 && y !== 1) return false;
  }
  return true;
}

/** The dims that two shapes stretch to, as NumPy's rules have it. */
export function broadcastDims(c: LoweringContext, a: readonly number[], b: readonly number[]): number[] {
  const rank = Math.max(a.length, b.length);
  const dims: number[] = [];
  for (let i = 0; i < rank; i++) {
    const x = a[i - (rank - a.length)] ?? 1;
    const y = b[i - (rank - b.length)] ?? 1;
    if (x !== y && x !== 1 && y !== 1) {
      c.fail("INVALID_ARGUMENT", `Incompatible shapes: [${a}] vs. [${b}]`);
    }
    dims.push(x === 1 ? y : x);
  }
  return dims;
}

/** Inputs 0 and 1 stretched to one shape. */
export function broadcastInputs(c: LoweringContext): [HloInstruction, HloInstruction] {
  const a = c.input(0);
  const b = c.input(1);
  const dims = broadcastDims(c, a.dims, b.dims);
  return [c.builder.broadcastTo(a, dims), c.builder.broadcastTo(b, dims)];
}

/** An op of two inputs of one type, element by element, with broadcasting. */
export function lowerBinary(opcode: BinaryOpcode): Lower {
  return (c) => c.builder.binary(opcode, ...broadcastInputs(c));
}

/** A comparison of two inputs with broadcasting. */
export function lowerCompare(direction: Direction): Lower {
  return (c) => c.builder.compare(direction, ...broadcastInputs(c));
}

/** A number as an array like `like`: its type and dims. */
export function filled(c: LoweringContext, like: HloInstruction, value: number): HloInstruction {
  return c.builder.broadcastTo(c.builder.scalar(like.dtype, value), like.dims);
}

/** A number as an array of the given type and dims. */
export function filledOf(
  c: LoweringContext,
  dtype: HloDType,
  dims: readonly number[],
  value: number | boolean,
): HloInstruction {
  return c.builder.broadcastTo(c.builder.scalar(dtype, value), dims);
}

/** The numbers of a host argument. */
export function hostNumbers(c: LoweringContext, index: number): number[] {
  return numbersOf(c.hostInput(index));
}

/** The number of a scalar host argument. */
export function hostNumber(c: LoweringContext, index: number): number {
  const values = hostNumbers(c, index);
  if (values.length !== 1) {
    c.fail("INVALID_ARGUMENT", `Input ${index} must be a scalar, got shape [${c.hostInput(index).shape}]`);
  }
  return values[0]!;
}

/** A scalar host argument as an axis in [0, rank). */
export function hostAxis(c: LoweringContext, index: number, rank: number, what = "axis"): number {
  return hostAxisOf(c, [hostNumber(c, index)], rank, what);
}

/** The number of a scalar argument as an axis in [0, rank). */
export function hostAxisOf(
  c: Pick<LoweringContext, "fail">,
  [axis = 0]: readonly number[],
  rank: number,
  what = "axis",
): number {
  if (axis < -rank || axis >= rank) {
    // Scans say the axis that they have counted from the front.
    const scan = what === "scan axis";
    const shown = scan && axis < 0 ? axis + rank : axis;
    const sentence = `Expected ${what} in the range [${-rank}, ${rank}), but got ${shown}`;
    const start = scan ? "ScanOp: " : what === "concatenating dimensions" ? "ConcatOp : " : "";
    c.fail("INVALID_ARGUMENT", `${start}${sentence}`);
  }
  return axis < 0 ? axis + rank : axis;
}

/** All dimensions of a value, in order. */
export function allDimensions(x: HloInstruction): number[] {
  return x.dims.map((_, i) => i);
}

/** Whether the type is a floating-point one. */
export function isFloating(dtype: HloDType): boolean {
  return dtype === "float32" || dtype === "float64" || dtype === "float16" || dtype === "bfloat16";
}
