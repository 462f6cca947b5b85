// Prepares matrix products. float32: the one module of gemm-module.ts, then the epilogue as a loop kernel over the
// result, in place. Other types: a reduction over k with the product inside (half and bfloat16 in float32).
import { type LoopNest, loopNest, type NestLoad, type NestMatrix, type NestOp, type Refusal } from "@org/hlo";
import { type Epilogue, prepareEpilogue, productPlace, readElsewhere } from "./epilogue.ts";
import { type NestRun, prepareNest, withCopies } from "./nest-kernel.ts";
import { mayDivideByZero } from "./nest-walk.ts";
import type { Prepared, Preparer, Run, Workshop } from "./prepared.ts";
import { prepareProduct } from "./product.ts";
import { type MultiplyInParts, prepareInParts } from "./product-parts.ts";

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
