// Instructions that go along one dimension element by element: argReduce and cumulative.
import { attributesOf, type HloDType, type HloInstruction } from "@org/hlo";
import { sizeOf } from "@org/tensor";
import { type BlockKernel, prepareBlock } from "./block-kernel.ts";
import { elementBytes, isSingle, type Lanes } from "./lanes.ts";
import { scalarLanes } from "./scalar-lanes.ts";
import type { SinglePreparer } from "./single-kernel.ts";
import type { Expr, FunctionBuilder, Local } from "./wasm-assembler.ts";
import { i32 } from "./wasm-opcodes.ts";

interface Along {
  readonly outer: number;
  readonly extent: number;
  readonly inner: number;
}

const along = (dims: readonly number[], dimension: number): Along => ({
  outer: sizeOf(dims.slice(0, dimension)),
  extent: dims[dimension]!,
  inner: sizeOf(dims.slice(dimension + 1)),
});

/** Emits loops over outer and inner; `body` gets the address of the line's first element and of what it writes. */
function forEachLine(
  f: FunctionBuilder,
  [outer, extent, inner, from, to]: readonly Local<"i32">[],
  bytes: number,
  outBytes: number,
  outPerLine: "one" | "all",
  body: (address: Local<"i32">, target: Local<"i32">, step: Local<"i32">) => void,
): void {
  const [o, i] = [f.local("i32"), f.local("i32")];
  const step = f.local("i32", i32.mul(inner!, i32.const(bytes)));
  const [address, target] = [f.local("i32"), f.local("i32")];
  f.for(o, i32.const(0), outer!, 1, () => {
    f.for(i, i32.const(0), inner!, 1, () => {
      f.set(address, i32.add(from!, i32.mul(i, i32.const(bytes))));
      f.set(target, i32.add(to!, i32.mul(i, i32.const(outBytes))));
      body(address, target, step);
    });
    f.set(from!, i32.add(from!, i32.mul(step, extent!)));
    const written = i32.mul(inner!, i32.const(outBytes));
    f.set(to!, i32.add(to!, outPerLine === "one" ? written : i32.mul(written, extent!)));
  });
}

const loadAt = (lanes: Lanes, dtype: HloDType, address: Expr<"i32">): Expr =>
  lanes.load(dtype, { address, offset: 0, movement: "unit", steps: [] });

/** Index of the first largest or smallest; NaN never wins, 0 where all are NaN. */
export const prepareArgReduce: SinglePreparer = (workshop, instruction) => {
  const { reducer, dimension } = attributesOf(instruction, "argReduce");
  const [x] = instruction.operands as [HloInstruction];
  const { dtype } = x;
  const { outer, extent, inner } = along(x.dims, dimension);
  const kernel: BlockKernel = {
    key: `argReduce ${reducer} ${dtype}`,
    arguments: 5,
    mayFault: false,
    values: ([from], [to]) => [outer, extent, inner, from!.address, to!.address],
    emit: (context, args) => {
      const { f } = context;
      const lanes = scalarLanes(context);
      const best = f.local(lanes.valueType(dtype));
      const value = f.local(lanes.valueType(dtype));
      const [at, k, better, found] = [f.local("i32"), f.local("i32"), f.local("i32"), f.local("i32")];
      const compare = (direction: "GT" | "LT" | "EQ", a: Expr, b: Expr): Expr<"i32"> =>
        lanes.compute({ opcode: "compare", dtype: "bool", argTypes: [dtype, dtype], direction }, [
          a,
          b,
        ]) as Expr<"i32">;
      forEachLine(f, args, elementBytes(dtype), 4, "one", (address, target, step) => {
        f.set(at, i32.const(0));
        f.set(found, i32.const(0));
        f.for(k, i32.const(0), args[1]!, 1, () => {
          f.set(value, loadAt(lanes, dtype, address));
          // Better than the best, or the first that is a number.
          const first = i32.and(i32.eqz(found), compare("EQ", value, value));
          f.set(better, i32.or(compare(reducer === "maximum" ? "GT" : "LT", value, best), first));
          f.if(i32.and(better, i32.or(first, found)), () => {
            f.set(best, value);
            f.set(at, k);
            f.set(found, i32.const(1));
          });
          f.set(address, i32.add(address, step));
        });
        f.emit(i32.store(target, at));
      });
    },
  };
  return prepareBlock(workshop, kernel);
};

/** Running combinations; floats add up and multiply in f64 and are rounded once each. */
export const prepareCumulative: SinglePreparer = (workshop, instruction) => {
  const { reducer, dimension, exclusive, reverse } = attributesOf(instruction, "cumulative");
  const { dtype, dims } = instruction;
  const { outer, extent, inner } = along(dims, dimension);
  const sumType: HloDType = isSingle(dtype) ? "float64" : dtype;
  const kernel: BlockKernel = {
    key: `cumulative ${reducer} ${dtype} ${exclusive} ${reverse}`,
    arguments: 5,
    mayFault: false,
    values: ([from], [to]) => [outer, extent, inner, from!.address, to!.address],
    emit: (context, args) => {
      const { f } = context;
      const lanes = scalarLanes(context);
      const running = f.local(lanes.valueType(sumType));
      const value = f.local(lanes.valueType(sumType));
      const k = f.local("i32");
      const convert = (to: HloDType, from: HloDType, x: Expr): Expr =>
        lanes.compute({ opcode: "convert", dtype: to, argTypes: [from] }, [x]);
      const bytes = elementBytes(dtype);
      forEachLine(f, args, bytes, bytes, "all", (address, target, step) => {
        const move = f.local("i32", reverse ? i32.sub(i32.const(0), step) : step);
        if (reverse) {
          const end = f.local("i32", i32.mul(step, i32.sub(args[1]!, i32.const(1))));
          f.set(address, i32.add(address, end));
          f.set(target, i32.add(target, end));
        }
        f.set(running, lanes.identity(reducer, sumType));
        const write = (): void =>
          lanes.store(dtype, target, 0, f.local(lanes.valueType(dtype), convert(dtype, sumType, running)));
        f.for(k, i32.const(0), args[1]!, 1, () => {
          f.set(value, convert(sumType, dtype, loadAt(lanes, dtype, address)));
          if (exclusive) write();
          f.set(running, lanes.combine(reducer, sumType, running, value));
          if (!exclusive) write();
          f.set(address, i32.add(address, move));
          f.set(target, i32.add(target, move));
        });
      });
    },
  };
  return prepareBlock(workshop, kernel);
};
