// Prepares matrix products. float32: the one module of gemm-module.ts, then the epilogue as a loop kernel over the
// result, in place. Other types: a reduction over k with the product inside (half and bfloat16 in float32).
import { type LoopNest, loopNest, type NestLoad, type NestMatrix, type NestOp, type Refusal } from "@org/hlo";
import { type Epilogue, prepareEpilogue, productPlace, readElsewhere } from "./epilogue.ts";
import type { RowsDone } from "./gathered-convolution.ts";
import { buildGemmModule } from "./gemm-module.ts";
import { type ProductCall, planProduct } from "./gemm-plan.ts";
import { mayDivideByZero } from "./kernel-source.ts";
import type { Entry } from "./kernels.ts";
import { type NestRun, prepareNest, withCopies } from "./nest-kernel.ts";
import { type Prepared, type Preparer, type Run, type Workshop, withEntry } from "./prepared.ts";

type Dot = NonNullable<LoopNest["dot"]>;

/** Prepares a fusion of kind dot. */
export const prepareDot: Preparer = (workshop, fusion, donated) => {
  const nest = loopNest(fusion);
  const dot = nest.dot!;
  const product = nest.ops.findIndex((op) => op.kind === "product");
  const copies = donated.filter((parameter) => parameter >= 0);
  if (dot.lhs.dtype !== "float32" || nest.ops[product]?.dtype !== "float32") {
    return finish(prepareNest(workshop, asReduction(nest, dot, product)), (run) => ({
      run: withCopies(workshop, copies, (inputs, outputs) => run(inputs, outputs, 0)),
      mayFault: mayDivideByZero(nest),
    }));
  }
  if (nest.extents.includes(0)) return { run: () => {}, mayFault: false };

  const { output, plain } = productPlace(nest, donated);
  if (plain)
    return then(prepareProduct(workshop, nest.extents, dot), (run) => ({
      run: (inputs, outputs) => run(inputs, outputs[0]!.address),
      mayFault: false,
    }));
  const operands = copies.filter(
    (parameter) => parameter === dot.lhs.parameter || parameter === dot.rhs.parameter,
  );
  const unsafe = [...new Set([...operands, ...readElsewhere(nest, copies)])];
  // A fault names an element, which a kernel counts from where it begins: then all is one part.
  const mayFault = mayDivideByZero(nest);
  return then(prepareInParts(workshop, nest.extents, dot, !mayFault), (multiply) =>
    then(prepareEpilogue(workshop, nest), (epilogue) =>
      "refused" in epilogue
        ? epilogue
        : {
            run: withCopies(workshop, unsafe, withEpilogue(workshop, nest, output, multiply, epilogue)),
            mayFault,
          },
    ),
  );
};

function then<T, R>(value: T | Promise<T>, next: (value: T) => R | Promise<R>): R | Promise<R> {
  return value instanceof Promise ? value.then(next) : next(value);
}

function finish(
  prepared: ReturnType<typeof prepareNest>,
  next: (run: NestRun) => Prepared,
): Prepared | Refusal | Promise<Prepared | Refusal> {
  return then<{ run: NestRun } | Refusal, Prepared | Refusal>(prepared, (made) =>
    "refused" in made ? made : next(made.run),
  );
}

export type Multiply = (inputs: Parameters<Run>[0], c: number) => void;

/** Multiplies into `c`; `done` is told of rows that are there. */
type MultiplyInParts = (inputs: Parameters<Run>[0], c: number, done: RowsDone) => void;

function withEpilogue(
  { memory }: Workshop,
  nest: LoopNest,
  output: number,
  multiply: MultiplyInParts,
  epilogue: Epilogue,
): Run {
  const through = (inputs: Parameters<Run>[0], outputs: Parameters<Run>[1], to: number): void =>
    multiply(inputs, to, (first, count) => epilogue(inputs, outputs, to, first, count));
  if (output >= 0) return (inputs, outputs) => through(inputs, outputs, outputs[output]!.address);
  const bytes = nest.extents.reduce((size, extent) => size * extent, 4);
  return (inputs, outputs) => {
    const scratch = memory.allocateScratch(bytes);
    through(inputs, outputs, scratch.address);
    memory.freeScratch(scratch);
  };
}

/** Bytes of a result from which on it is made in parts, so that what follows finds them near. */
const bytesOfPart = 1 << 19;
/** Fewer rows do not pay for packing the right operand again. */
const leastRows = 384;

/** The product of one batch, in parts of rows where it is large and something else follows. */
function prepareInParts(
  workshop: Workshop,
  extents: readonly number[],
  dot: Dot,
  mayCut: boolean,
): MultiplyInParts | Promise<MultiplyInParts> {
  const [batch, m, n] = extents as readonly [number, number, number];
  const rows = Math.max(leastRows, Math.floor(bytesOfPart / (n * 4)));
  if (!mayCut || batch > 1 || m < 2 * rows)
    return then(prepareProduct(workshop, extents, dot), (multiply) => (inputs, c, done) => {
      multiply(inputs, c);
      done(0, m);
    });
  const part = (first: number, count: number): Multiply | Promise<Multiply> => {
    const lhs = { ...dot.lhs, offset: dot.lhs.offset + first * dot.lhs.strides[1] };
    return prepareProduct(workshop, [1, count, n], { ...dot, lhs });
  };
  const starts = Array.from({ length: Math.ceil(m / rows) }, (_, i) => i * rows);
  const counts = starts.map((first) => Math.min(rows, m - first));
  const parts = starts.map((first, i) => part(first, counts[i]!));
  const inOrder =
    (multiply: readonly Multiply[]): MultiplyInParts =>
    (inputs, c, done) =>
      multiply.forEach((one, i) => {
        one(inputs, c + starts[i]! * n * 4);
        done(starts[i]!, counts[i]!);
      });
  return parts.some((one) => one instanceof Promise)
    ? Promise.all(parts).then(inOrder)
    : inOrder(parts as Multiply[]);
}

/** The product itself, for all batches. */
export function prepareProduct(
  workshop: Workshop,
  extents: readonly number[],
  dot: Dot,
): Multiply | Promise<Multiply> {
  const { memory, kernels, target, argumentAddress, tileAddress } = workshop;
  const [batch, m, n] = extents as readonly [number, number, number];
  const { lhs, rhs, k } = dot;
  const bytes = m * n * 4;
  if (k === 0) return (_, c) => void memory.bytes.fill(0, c, c + batch * bytes);
  const strides = ({ strides: [, row, column] }: NestMatrix): readonly [number, number] => [row, column];
  const plan = planProduct({ m, n, k, a: strides(lhs), b: strides(rhs) }, target.relaxed, tileAddress);
  const start = argumentAddress / 4;

  const call = (
    entry: Entry,
    { words, ...at }: ProductCall,
    a: number,
    b: number,
    c: number,
    scratchA: number,
    scratchB: number,
  ): void => {
    const block = memory.words;
    for (let i = 0; i < words.length; i++) block[start + i] = words[i]!;
    block[start + at.a] = a + at.aOffset;
    block[start + at.b] = b;
    block[start + at.c] = c + at.cOffset;
    if (at.scratchA >= 0) block[start + at.scratchA] = scratchA;
    if (at.scratchB >= 0) block[start + at.scratchB] = scratchB;
    entry(argumentAddress);
  };
  return withEntry(
    kernels.get("gemm", () => buildGemmModule(target.relaxed)),
    (exports): Multiply =>
      (inputs, c) => {
        const panelA = plan.scratchA > 0 ? memory.allocateScratch(plan.scratchA) : undefined;
        const panelB = plan.scratchB > 0 ? memory.allocateScratch(plan.scratchB) : undefined;
        const a = inputs[lhs.parameter]!.address + lhs.offset * 4;
        const b = inputs[rhs.parameter]!.address + rhs.offset * 4;
        for (let i = 0; i < batch; i++) {
          for (const each of plan.calls) {
            call(
              exports[each.entry]!,
              each,
              a + i * lhs.strides[0] * 4,
              b + i * rhs.strides[0] * 4,
              c + i * bytes,
              panelA?.address ?? 0,
              panelB?.address ?? 0,
            );
          }
        }
        if (panelB) memory.freeScratch(panelB);
        if (panelA) memory.freeScratch(panelA);
      },
  );
}

/** The product as a reduction over k, then the epilogue's ops. */
function asReduction(nest: LoopNest, dot: Dot, product: number): LoopNest {
  const { lhs, rhs, k } = dot;
  const { dtype } = nest.ops[product]!;
  const operand = (matrix: NestMatrix, isLeft: boolean): NestLoad => {
    const [batch, row, column] = matrix.strides;
    const [batchMoves, rowMoves, columnMoves] = matrix.movement;
    return {
      parameter: matrix.parameter,
      dtype: matrix.dtype,
      offset: matrix.offset,
      strides: isLeft ? [batch, row, 0, column] : [batch, 0, column, row],
      movement: isLeft
        ? [batchMoves, rowMoves, "broadcast", columnMoves]
        : [batchMoves, "broadcast", columnMoves, rowMoves],
    };
  };
  const count = nest.loads.length;
  const loads: NestLoad[] = [
    ...nest.loads.map((load) => ({
      ...load,
      strides: [...load.strides, 0],
      movement: [...load.movement, "broadcast" as const],
    })),
    operand(lhs, true),
    operand(rhs, false),
  ];
  const sumType = dtype === "float16" || dtype === "bfloat16" ? "float32" : dtype;
  const before: NestOp[] = [
    { kind: "load", load: count, dtype: lhs.dtype },
    { kind: "load", load: count + 1, dtype: rhs.dtype },
    { kind: "compute", opcode: "convert", dtype: sumType, args: [0] },
    { kind: "compute", opcode: "convert", dtype: sumType, args: [1] },
    { kind: "compute", opcode: "multiply", dtype: sumType, args: [2, 3] },
    { kind: "reduction", reducer: "add", dtype: sumType, arg: 4 },
    // Where the epilogue's ops find the product.
    { kind: "compute", opcode: "convert", dtype, args: [5] },
  ];
  const inner = 5;
  const shift = before.length;
  const place = (i: number): number => (i === product ? 6 : i + shift);
  const after = nest.ops.map((op): NestOp => {
    if (op.kind === "product") return { kind: "compute", opcode: "convert", dtype, args: [5] };
    return op.kind === "compute" ? { ...op, args: op.args.map(place) } : op;
  });
  const { dot: _, ...rest } = nest;
  return {
    ...rest,
    kind: "reduce",
    key: `product ${nest.key}`,
    extents: [...nest.extents, k],
    outerRank: 3,
    loads,
    indices: nest.indices.map((index) => ({
      ...index,
      strides: [...index.strides, 0],
      movement: [...index.movement, "broadcast" as const],
    })),
    ops: [...before, ...after],
    inner,
    stores: nest.stores.map((store) => ({
      ...store,
      value: place(store.value),
      strides: [...store.strides, 0],
    })),
  };
}
