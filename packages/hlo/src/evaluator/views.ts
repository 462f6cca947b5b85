// Instructions that only move elements: their bits are copied as they are.
import { sizeOf } from "@org/tensor";
import { attributesOf, type HloInstruction } from "../instruction.ts";
import {
  allocate,
  allocateNumbers,
  copyStrided,
  denseStrides,
  forEachOffset,
  fromNumbers,
  type HloArray,
  isWide,
} from "./array.ts";

/** The result of an instruction that moves elements, or undefined for another one. */
export function evaluateView(
  instruction: HloInstruction,
  operands: readonly HloArray[],
): HloArray | undefined {
  const { dtype, dims } = instruction;
  const x = operands[0]!;
  switch (instruction.opcode) {
    case "reshape":
      return { dtype, dims, data: x.data };
    case "iota": {
      const { dimension } = attributesOf(instruction, "iota");
      const strides = dims.map((_, d) => (d === dimension ? 1 : 0));
      const out = allocateNumbers(dtype, sizeOf(dims)) as Float32Array;
      const wide = isWide(dtype);
      let i = 0;
      forEachOffset(dims, strides, 0, (value) => {
        out[i++] = (wide ? BigInt(value) : value) as number;
      });
      return fromNumbers(dtype, dims, out);
    }
    case "broadcast": {
      const { dimensions } = attributesOf(instruction, "broadcast");
      const dense = denseStrides(x.dims);
      const strides = dims.map((_, d) => dense[dimensions.indexOf(d)] ?? 0);
      return copyStrided(x, dims, strides, 0);
    }
    case "transpose": {
      const dense = denseStrides(x.dims);
      const { permutation } = attributesOf(instruction, "transpose");
      return copyStrided(
        x,
        dims,
        permutation.map((d) => dense[d]!),
        0,
      );
    }
    case "reverse": {
      const { dimensions } = attributesOf(instruction, "reverse");
      const dense = denseStrides(dims);
      const strides = dense.map((stride, d) => (dimensions.includes(d) ? -stride : stride));
      const offset = dimensions.reduce((sum, d) => sum + (dims[d]! - 1) * dense[d]!, 0);
      return copyStrided(x, dims, strides, offset);
    }
    case "slice": {
      const { start, strides } = attributesOf(instruction, "slice");
      const dense = denseStrides(x.dims);
      const offset = dense.reduce((sum, stride, d) => sum + stride * start[d]!, 0);
      return copyStrided(
        x,
        dims,
        dense.map((stride, d) => stride * strides[d]!),
        offset,
      );
    }
    case "dynamicSlice": {
      const dense = denseStrides(x.dims);
      return copyStrided(x, dims, dense, clampedOffset(operands.slice(1), x.dims, dims, dense));
    }
    case "dynamicUpdateSlice": {
      const update = operands[1]!;
      const dense = denseStrides(dims);
      const out = x.data.slice() as Float32Array;
      const from = update.data as Float32Array;
      let i = 0;
      forEachOffset(update.dims, dense, clampedOffset(operands.slice(2), dims, update.dims, dense), (at) => {
        out[at] = from[i++]!;
      });
      return { dtype, dims, data: out };
    }
    case "pad":
      return pad(instruction, x, operands[1]!);
    case "concatenate":
      return concatenate(instruction, operands);
    default:
      return undefined;
  }
}

/** Where a slice of `sizes` begins: each start is moved so that the slice lies inside. */
function clampedOffset(
  starts: readonly HloArray[],
  dims: readonly number[],
  sizes: readonly number[],
  dense: readonly number[],
): number {
  return starts.reduce((offset, start, d) => {
    const at = Math.min(Math.max(Number(start.data[0]), 0), dims[d]! - sizes[d]!);
    return offset + at * dense[d]!;
  }, 0);
}

function pad(instruction: HloInstruction, x: HloArray, value: HloArray): HloArray {
  const { dtype, dims } = instruction;
  const { low, interior } = attributesOf(instruction, "pad");
  const out = allocate(dtype, sizeOf(dims)) as Float32Array;
  out.fill(value.data[0] as number);
  const from = x.data as Float32Array;
  const dense = denseStrides(dims);
  const index = new Array<number>(dims.length).fill(0);
  for (let i = 0; i < from.length; i++) {
    let at = 0;
    let inside = true;
    for (let d = 0; d < dims.length; d++) {
      const place = low[d]! + index[d]! * (interior[d]! + 1);
      inside &&= place >= 0 && place < dims[d]!;
      at += place * dense[d]!;
    }
    if (inside) out[at] = from[i]!;
    for (let d = dims.length - 1; d >= 0 && ++index[d]! === x.dims[d]; d--) index[d] = 0;
  }
  return { dtype, dims, data: out };
}

function concatenate(instruction: HloInstruction, operands: readonly HloArray[]): HloArray {
  const { dtype, dims } = instruction;
  const { dimension } = attributesOf(instruction, "concatenate");
  const out = allocate(dtype, sizeOf(dims)) as Float32Array;
  const outer = sizeOf(dims.slice(0, dimension));
  const row = sizeOf(dims.slice(dimension));
  let start = 0;
  for (const operand of operands) {
    const block = sizeOf(operand.dims.slice(dimension));
    const from = operand.data as Float32Array;
    for (let i = 0; i < outer; i++) out.set(from.subarray(i * block, (i + 1) * block), i * row + start);
    start += block;
  }
  return { dtype, dims, data: out };
}
