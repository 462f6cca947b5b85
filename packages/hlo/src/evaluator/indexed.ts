// gather and scatter, sort, and random bits.
import { sizeOf } from "@org/tensor";
import { attributesOf, type Combiner, type HloInstruction } from "../instruction.ts";
import { allocate, fromNumbers, type HloArray, numbersOf } from "./array.ts";
import { binaryFunction, type OnDivisionByZero } from "./elementwise.ts";
import { philoxFill } from "./philox.ts";

/** Told an index out of range and its position among the indices. */
export type OnBadIndex = (index: number, position: number) => void;

/** Takes slices of x along an axis; one whose index is out of range is 0. */
export function gather(
  instruction: HloInstruction,
  operands: readonly HloArray[],
  onBadIndex: OnBadIndex,
): HloArray {
  const { dtype, dims } = instruction;
  const { axis } = attributesOf(instruction, "gather");
  const [x, indices] = operands as [HloArray, HloArray];
  const out = allocate(dtype, sizeOf(dims)) as Float32Array;
  const from = x.data as Float32Array;
  const outer = sizeOf(x.dims.slice(0, axis));
  const extent = x.dims[axis]!;
  const block = sizeOf(x.dims.slice(axis + 1));
  const count = indices.data.length;
  for (let position = 0; position < count; position++) {
    const index = Number(indices.data[position]);
    if (index < 0 || index >= extent) {
      onBadIndex(index, position);
      continue;
    }
    for (let i = 0; i < outer; i++) {
      const at = (i * extent + index) * block;
      out.set(from.subarray(at, at + block), (i * count + position) * block);
    }
  }
  return { dtype, dims, data: out };
}

/** Combines updates into rows of a copy of x, in index order; those of an index out of range are skipped. */
export function scatter(
  instruction: HloInstruction,
  operands: readonly HloArray[],
  onBadIndex: OnBadIndex,
  onDivisionByZero: OnDivisionByZero,
): HloArray {
  const { dtype, dims } = instruction;
  const { combiner } = attributesOf(instruction, "scatter");
  const [x, indices, updates] = operands as [HloArray, HloArray, HloArray];
  const copy: HloArray = { dtype, dims, data: x.data.slice() };
  const out = numbersOf(copy) as Float32Array;
  const from = numbersOf(updates) as Float32Array;
  const block = sizeOf(dims.slice(1));
  let element = 0;
  const combine = combinerFunction(combiner, dtype, (dividend) => onDivisionByZero(dividend, element));
  for (let position = 0; position < indices.data.length; position++) {
    const index = Number(indices.data[position]);
    if (index < 0 || index >= dims[0]!) {
      onBadIndex(index, position);
      continue;
    }
    for (let i = 0; i < block; i++) {
      element = position * block + i;
      out[index * block + i] = combine(out[index * block + i]!, from[element]!);
    }
    if (dtype === "float16" || dtype === "bfloat16") {
      const row = out.subarray(index * block, (index + 1) * block); // rounds after each update
      row.set(numbersOf(fromNumbers(dtype, [block], row)) as Float32Array);
    }
  }
  return fromNumbers(dtype, dims, out);
}

function combinerFunction(
  combiner: Combiner,
  dtype: HloInstruction["dtype"],
  onZeroDivisor: (dividend: number) => void,
): (old: number, update: number) => number {
  return combiner === "set" ? (_, update) => update : binaryFunction(combiner, dtype, onZeroDivisor);
}

/** All operands in the order that sorts the first along the last dimension: stable, NaN after everything else. */
export function sort(instruction: HloInstruction, operands: readonly HloArray[]): HloArray[] {
  const { descending } = attributesOf(instruction, "sort");
  const { dims } = instruction;
  const keys = numbersOf(operands[0]!);
  const length = dims.at(-1)!;
  const results = operands.map(({ dtype, data }) => ({ dtype, dims, data: data.slice() }));
  const ascending = (a: number, b: number): number => {
    const [x, y] = [keys[a]!, keys[b]!];
    if (x < y) return -1;
    if (x > y) return 1;
    return Number(Number.isNaN(x)) - Number(Number.isNaN(y));
  };
  const compare = descending ? (a: number, b: number): number => ascending(b, a) : ascending;
  for (let row = 0; row < keys.length; row += length) {
    const order = Array.from({ length }, (_, i) => row + i).sort(compare);
    operands.forEach((operand, k) => {
      const from = operand.data as Float32Array;
      const to = results[k]!.data as Float32Array;
      order.forEach((at, i) => {
        to[row + i] = from[at]!;
      });
    });
  }
  return results;
}

/** rngBitGenerator: Philox words in order. */
export function randomBits(instruction: HloInstruction, operands: readonly HloArray[]): HloArray {
  const [key, counter] = operands as [HloArray, HloArray];
  const out = new Uint32Array(sizeOf(instruction.dims));
  philoxFill(out, key.data as Uint32Array, counter.data as Uint32Array);
  return { dtype: "uint32", dims: instruction.dims, data: out };
}
