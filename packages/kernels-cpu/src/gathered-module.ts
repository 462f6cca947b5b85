// The module of f32 products whose left operand is gathered: C[row r] (+)= sum over segments s, and k below a segment's
// length, of A[rows[r] + segments[s] + k] B[s, k]. Rows and segments are tables of offsets, so that a convolution's windows
// are read where they lie and rows of C may lie anywhere. Which rows and segments is said by convolution-plan.ts. Source of
// the idea: Dukhan 2019, The Indirect Convolution Algorithm.
import { argumentsOf, emitBlocks, i32Params, parametersOf } from "./function-arguments.ts";
import { emitMultiplyLoop, panelColumns, panelRows, sumsOf } from "./gemm-micro.ts";
import { definePack } from "./gemm-pack.ts";
import { type Callee, createModule, type Expr, type Local, type ModuleBuilder } from "./wasm-assembler.ts";
import { i32, memoryFill, select } from "./wasm-opcodes.ts";
import { f32x4, v128 } from "./wasm-simd.ts";

/**
 * Arguments of the exported "multiply", as words of the argument block; steps and offsets in bytes. `rows` is a table of
 * pairs (offset in A, offset in C), `rowCount` a multiple of `rowGroup`; `segments` a table of `segmentCount` offsets in A.
 */
export const multiplyArguments = [
  "rows",
  "rowCount",
  "segments",
  "segmentCount",
  "length",
  "a",
  "b",
  "bStep",
  "bPanel",
  "n",
  "c",
  "accumulate",
] as const;

/** Arguments of the exported "pack": pieces of `length` rows of B, from a table of their offsets, as panels of 8 columns. */
export const packArguments = ["pieces", "pieceCount", "length", "b", "bRow", "n", "to"] as const;

/**
 * Arguments of the exported "frame": `bytes` bytes of zeros at `to`, then runs of `run` bytes into their places, in three
 * loops over `count0` to `count2` with steps in bytes.
 */
export const frameArguments = [
  "to",
  "bytes",
  "first",
  "from",
  "run",
  "count0",
  "from0",
  "to0",
  "count1",
  "from1",
  "to1",
  "count2",
  "from2",
  "to2",
] as const;

/** Row counts are multiples of this; a table repeats its last row to get there. */
export const rowGroup = (relaxed: boolean): number => panelRows(relaxed) / 2;

const microParams = [
  "table",
  "segment",
  "end",
  "length",
  "a",
  "b",
  "bStep",
  "c",
  "columns",
  "accumulate",
] as const;

/** Called with `microParams`: the first row and segment of their tables; of fewer columns than 4 * vectors only these are stored. */
function defineMicro(
  module: ModuleBuilder,
  rows: number,
  vectors: number,
  relaxed: boolean,
): Callee<undefined> {
  return module.func(undefined, i32Params(microParams.length), undefined, (f) => {
    const { table, segment, end, length, a, b, bStep, c, columns, accumulate } = parametersOf(f, microParams);
    const sums = sumsOf(f, rows, vectors);
    const pointers = sums.map(() => f.local("i32"));
    const [base, k] = [f.local("i32"), f.local("i32")];
    f.if(i32.lt_u(segment, end), () =>
      f.loop((again) => {
        f.set(base, i32.add(a, i32.load(segment)));
        pointers.forEach((pointer, r) => {
          f.set(pointer, i32.add(base, i32.load(table, r * 8)));
        });
        f.set(k, length);
        emitMultiplyLoop(f, relaxed, { sums, k, a: { rows: pointers }, b, bStep });
        f.set(segment, i32.add(segment, i32.const(4)));
        f.branch(again, i32.lt_u(segment, end));
      }),
    );
    pointers.forEach((pointer, r) => {
      f.set(pointer, i32.add(c, i32.load(table, r * 8 + 4)));
    });
    const each = (body: (sum: Local<"v128">, pointer: Local<"i32">, v: number) => void): void =>
      sums.forEach((row, r) => {
        row.forEach((sum, v) => {
          body(sum, pointers[r]!, v);
        });
      });
    f.if(accumulate, () => each((sum, pointer, v) => f.set(sum, f32x4.add(sum, v128.load(pointer, v * 16)))));
    f.if(
      i32.ge_s(columns, i32.const(4 * vectors)),
      () => each((sum, pointer, v) => f.emit(v128.store(pointer, sum, v * 16))),
      () =>
        each((sum, pointer, v) => {
          for (let lane = 0; lane < 4; lane++)
            f.if(i32.gt_s(columns, i32.const(v * 4 + lane)), () =>
              f.emit(v128.store32_lane(pointer, sum, lane, v * 16 + lane * 4)),
            );
        }),
    );
  });
}

function defineMultiply(module: ModuleBuilder, relaxed: boolean): void {
  const [many, few] = [panelRows(relaxed), rowGroup(relaxed)];
  const micro = [1, 2].map((vectors) => ({
    vectors,
    many: defineMicro(module, many, vectors, relaxed),
    few: defineMicro(module, few, vectors, relaxed),
  }));
  module.func("multiply", ["i32"], undefined, (f) => {
    const arg = argumentsOf(f, multiplyArguments);
    const end = f.local("i32", i32.add(arg.segments, i32.shl(arg.segmentCount, i32.const(2))));
    const [row, left, columns] = [f.local("i32"), f.local("i32"), f.local("i32")];
    const allRows = (vectors: number): void => {
      const kernels = micro.find((one) => one.vectors === vectors)!;
      f.set(row, arg.rows);
      f.set(left, arg.rowCount);
      emitBlocks(f, left, [many, few], (rows) => {
        f.callVoid(rows === many ? kernels.many : kernels.few, [
          row,
          arg.segments,
          end,
          arg.length,
          arg.a,
          arg.b,
          arg.bStep,
          arg.c,
          columns,
          arg.accumulate,
        ]);
        f.set(row, i32.add(row, i32.const(rows * 8)));
      });
    };
    f.loop((again) => {
      f.set(columns, select(i32.lt_s(arg.n, i32.const(panelColumns)), arg.n, i32.const(panelColumns)));
      f.if(
        i32.gt_s(columns, i32.const(4)),
        () => allRows(2),
        () => allRows(1),
      );
      f.set(arg.b, i32.add(arg.b, arg.bPanel));
      f.set(arg.c, i32.add(arg.c, i32.const(panelColumns * 4)));
      f.set(arg.n, i32.sub(arg.n, columns));
      f.branch(again, arg.n);
    });
  });
}

function definePackPieces(module: ModuleBuilder): void {
  const pack = definePack(module, panelColumns);
  module.func("pack", ["i32"], undefined, (f) => {
    const arg = argumentsOf(f, packArguments);
    const [columns, at, left] = [f.local("i32"), f.local("i32"), f.local("i32")];
    const step = f.local("i32", i32.mul(arg.length, i32.const(panelColumns * 4)));
    f.loop((again) => {
      f.set(columns, select(i32.lt_s(arg.n, i32.const(panelColumns)), arg.n, i32.const(panelColumns)));
      f.set(at, arg.pieces);
      f.set(left, arg.pieceCount);
      f.if(left, () =>
        f.loop((next) => {
          const piece = i32.add(arg.b, i32.load(at));
          f.callVoid(pack, [columns, arg.length, piece, i32.const(4), arg.bRow, arg.to]);
          f.set(arg.to, i32.add(arg.to, step));
          f.set(at, i32.add(at, i32.const(4)));
          f.set(left, i32.sub(left, i32.const(1)));
          f.branch(next, left);
        }),
      );
      f.set(arg.b, i32.add(arg.b, i32.const(panelColumns * 4)));
      f.set(arg.n, i32.sub(arg.n, columns));
      f.branch(again, arg.n);
    });
  });
}

function defineFrame(module: ModuleBuilder): void {
  module.func("frame", ["i32"], undefined, (f) => {
    const arg = argumentsOf(f, frameArguments);
    const counters = [f.local("i32"), f.local("i32"), f.local("i32")] as const;
    f.emit(memoryFill(arg.to, i32.const(0), arg.bytes));
    const level = (d: 0 | 1 | 2, from: Expr<"i32">, to: Expr<"i32">): void => {
      const [source, target] = [f.local("i32", from), f.local("i32", to)];
      f.for(counters[d], i32.const(0), arg[`count${d}`], 1, () => {
        if (d === 2) copyRun(source, target);
        else level((d + 1) as 1 | 2, source, target);
        f.set(source, i32.add(source, arg[`from${d}`]));
        f.set(target, i32.add(target, arg[`to${d}`]));
      });
    };
    const copyRun = (from: Local<"i32">, to: Local<"i32">): void => {
      const [i, vectors] = [f.local("i32"), f.local("i32", i32.and(arg.run, i32.const(-16)))];
      f.for(i, i32.const(0), vectors, 16, () =>
        f.emit(v128.store(i32.add(to, i), v128.load(i32.add(from, i)))),
      );
      f.for(i, vectors, arg.run, 4, () => f.emit(i32.store(i32.add(to, i), i32.load(i32.add(from, i)))));
    };
    level(0, arg.from, i32.add(arg.to, arg.first));
  });
}

const built: Map<boolean, ModuleBuilder> = new Map();

/** The module, built once for all backends. It exports "multiply", "pack" and "frame", which take the address of their arguments. */
export function gatheredModule(relaxed: boolean): ModuleBuilder {
  const made = built.get(relaxed) ?? buildGatheredModule(relaxed);
  built.set(relaxed, made);
  return made;
}

function buildGatheredModule(relaxed: boolean): ModuleBuilder {
  const module = createModule();
  defineMultiply(module, relaxed);
  definePackPieces(module);
  defineFrame(module);
  return module;
}
