// Instructions that move elements without computing: pad, concatenate, dynamicSlice, dynamicUpdateSlice, and reshapes
// that strides cannot say. Each is a few strided copies, and a copy is a loop kernel with one load and one store.
import {
  attributesOf,
  type HloDType,
  type HloInstruction,
  type LoopNest,
  type Movement,
  type Refusal,
} from "@org/hlo";
import { elementBytes } from "./lanes.ts";
import type { CpuBuffer } from "./memory.ts";
import { type NestRun, prepareNest } from "./nest-kernel.ts";
import type { Preparing, Workshop } from "./prepared.ts";
import type { SinglePreparer } from "./single-kernel.ts";

/** Row-major strides in elements. */
export function denseStrides(dims: readonly number[]): number[] {
  const strides = new Array<number>(dims.length).fill(1);
  for (let d = dims.length - 2; d >= 0; d--) strides[d] = strides[d + 1]! * dims[d + 1]!;
  return strides;
}

/** Unsigned integers of the element's width: copies keep bits. */
const bitsType = (dtype: HloDType): HloDType =>
  (({ 1: "uint8", 2: "uint16", 4: "uint32", 8: "uint64" }) as const)[elementBytes(dtype) as 1 | 2 | 4 | 8];

interface Side {
  readonly strides: readonly number[];
  readonly offset: number;
}

/** A copy of `extents` elements from one strided place to another (one input, one output). */
function copyNest(dtype: HloDType, extents: readonly number[], from: Side, to: Side): LoopNest {
  const type = bitsType(dtype);
  const scalar = extents.length === 0;
  const inner = extents.length - 1;
  const movement = from.strides.map((stride, d): Movement => {
    if (stride === 0) return "broadcast";
    return d === inner && stride === 1 ? "unit" : "strided";
  });
  const unitStore = scalar || to.strides[inner] === 1;
  const dims = scalar ? [1] : extents;
  return {
    kind: "loop",
    key: `copy ${type} ${dims.length} ${scalar ? "unit" : movement} ${unitStore}`,
    extents: dims,
    outerRank: dims.length,
    loads: [
      {
        parameter: 0,
        dtype: type,
        strides: scalar ? [1] : from.strides,
        offset: from.offset,
        movement: scalar ? ["unit"] : movement,
      },
    ],
    indices: [],
    literals: [],
    ops: [{ kind: "load", load: 0, dtype: type }],
    inner: 1,
    stores: [{ output: 0, dtype: type, value: 0, strides: scalar ? [1] : to.strides, offset: to.offset }],
  };
}

/** Prepares several nests and runs them by `run`. */
function withNests(
  workshop: Workshop,
  nests: readonly LoopNest[],
  run: (runs: readonly NestRun[], inputs: readonly CpuBuffer[], outputs: readonly CpuBuffer[]) => void,
): Preparing {
  const prepared = nests.map((nest) => prepareNest(workshop, nest));
  const finish = (made: readonly ({ run: NestRun } | Refusal)[]) => {
    const refused = made.find((one) => "refused" in one);
    if (refused) return refused as Refusal;
    const runs = made.map((one) => (one as { run: NestRun }).run);
    return {
      run: (inputs: readonly CpuBuffer[], outputs: readonly CpuBuffer[]) => run(runs, inputs, outputs),
      mayFault: false,
    };
  };
  return prepared.some((one) => one instanceof Promise)
    ? Promise.all(prepared).then(finish)
    : finish(prepared as ({ run: NestRun } | Refusal)[]);
}

/** A handle for part of a buffer. */
const moved = (buffer: CpuBuffer, bytes: number): CpuBuffer => ({
  ...buffer,
  address: buffer.address + bytes,
});

const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0);

/** The padding value everywhere, then the array into its place. */
export const preparePad: SinglePreparer = (workshop, instruction) => {
  const { low, high: _, interior } = attributesOf(instruction, "pad");
  const [x] = instruction.operands as [HloInstruction];
  const { dtype, dims } = instruction;
  const toStrides = denseStrides(dims);
  const fromStrides = denseStrides(x.dims);
  // Element i lands at low + i * step; negative edges cut some off.
  const steps = interior.map((gap) => gap + 1);
  const first = low.map((edge, d) => (edge < 0 ? Math.ceil(-edge / steps[d]!) : 0));
  const end = x.dims.map((dim, d) => Math.min(dim, Math.floor((dims[d]! - 1 - low[d]!) / steps[d]!) + 1));
  const extents = first.map((start, d) => Math.max(0, end[d]! - start));
  const size = dims.reduce((product, dim) => product * dim, 1);
  const fill = copyNest(dtype, [size], { strides: [0], offset: 0 }, { strides: [1], offset: 0 });
  const copy = copyNest(
    dtype,
    extents,
    { strides: fromStrides, offset: sum(first.map((start, d) => start * fromStrides[d]!)) },
    {
      strides: toStrides.map((stride, d) => stride * steps[d]!),
      offset: sum(first.map((start, d) => (low[d]! + start * steps[d]!) * toStrides[d]!)),
    },
  );
  return withNests(workshop, [fill, copy], ([filling, copying], [array, value], outputs) => {
    filling!([value!], outputs, 0);
    copying!([array!], outputs, 0);
  });
};

/** Each operand into its columns. Dimensions on either side of the axis are taken together. */
export const prepareConcatenate: SinglePreparer = (workshop, instruction) => {
  const { dimension } = attributesOf(instruction, "concatenate");
  const { dtype, dims } = instruction;
  const product = (part: readonly number[]): number => part.reduce((size, dim) => size * dim, 1);
  const outer = product(dims.slice(0, dimension));
  const inner = product(dims.slice(dimension + 1));
  const width = dims[dimension]! * inner;
  let offset = 0;
  const nests = instruction.operands.map((operand) => {
    const own = operand.dims[dimension]! * inner;
    const nest = copyNest(
      dtype,
      [outer, own],
      { strides: [own, 1], offset: 0 },
      { strides: [width, 1], offset },
    );
    offset += own;
    return nest;
  });
  return withNests(workshop, nests, (runs, inputs, outputs) => {
    runs.forEach((run, i) => {
      run([inputs[i]!], outputs, 0);
    });
  });
};

/** Elements before a block that starts at the (clamped) scalars in `starts`. */
function startOffset(
  { memory }: Workshop,
  starts: readonly CpuBuffer[],
  dims: readonly number[],
  sizes: readonly number[],
  strides: readonly number[],
): number {
  let offset = 0;
  for (let d = 0; d < dims.length; d++) {
    const start = memory.words[starts[d]!.address / 4]!;
    offset += Math.min(Math.max(start, 0), dims[d]! - sizes[d]!) * strides[d]!;
  }
  return offset;
}

/** A block from where the scalar operands say. */
export const prepareDynamicSlice: SinglePreparer = (workshop, instruction) => {
  const { sizes } = attributesOf(instruction, "dynamicSlice");
  const { dims } = instruction.operands[0]!;
  const strides = denseStrides(dims);
  const nest = copyNest(
    instruction.dtype,
    sizes,
    { strides, offset: 0 },
    { strides: denseStrides(sizes), offset: 0 },
  );
  const bytes = elementBytes(instruction.dtype);
  return withNests(workshop, [nest], ([copy], [x, ...starts], outputs) => {
    copy!([moved(x!, startOffset(workshop, starts, dims, sizes, strides) * bytes)], outputs, 0);
  });
};

/** The array with a block replaced; in place where the array's buffer is donated. */
export const prepareDynamicUpdateSlice: SinglePreparer = (workshop, instruction, inPlace) => {
  const { dtype, dims } = instruction;
  const sizes = instruction.operands[1]!.dims;
  const strides = denseStrides(dims);
  const nest = copyNest(dtype, sizes, { strides: denseStrides(sizes), offset: 0 }, { strides, offset: 0 });
  const bytes = elementBytes(dtype);
  return withNests(workshop, [nest], ([copy], [x, update, ...starts], [output]) => {
    if (!inPlace) copyWhole(workshop, x!, output!);
    copy!([update!], [moved(output!, startOffset(workshop, starts, dims, sizes, strides) * bytes)], 0);
  });
};

/** Copies a whole buffer. */
export function copyWhole({ memory }: Workshop, from: CpuBuffer, to: CpuBuffer): void {
  memory.bytes.copyWithin(to.address, from.address, from.address + to.byteLength);
}

/** Same elements in the same order. */
export const prepareReshape: SinglePreparer = (workshop) => ({
  run: ([x], [output]) => copyWhole(workshop, x!, output!),
  mayFault: false,
});
