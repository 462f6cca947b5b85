// gather and scatter. An index out of range is a fault; gather writes zeros for it, scatter skips it.
import { attributesOf, type HloDType, type HloInstruction } from "@org/hlo";
import { sizeOf } from "@org/tensor";
import { prepareBlock } from "./block-kernel.ts";
import { copyWhole } from "./copy-kernel.ts";
import { emitFault, faultCodes } from "./fault-record.ts";
import { elementBytes, isNarrow, isWide, type KernelContext, type Lanes, type Operation } from "./lanes.ts";
import { scalarLanes } from "./scalar-lanes.ts";
import type { SinglePreparer } from "./single-kernel.ts";
import { isVectorizable, vectorLanes } from "./vector-lanes.ts";
import type { Expr, FunctionBuilder, Local } from "./wasm-assembler.ts";
import { f64, i32, i64, memoryCopy, memoryFill } from "./wasm-opcodes.ts";
import { v128 } from "./wasm-simd.ts";

type I32 = Expr<"i32">;

/** Emits a loop over indices: `found` with the index where it is in range, a fault (once) and `missing` where not. */
function forEachIndex(
  f: FunctionBuilder,
  faultAddress: number,
  wide: boolean,
  [count, indices, extent]: readonly [Local<"i32">, I32, I32],
  body: {
    position: Local<"i32">;
    found: (index: Local<"i32">) => void;
    missing?: () => void;
    after?: () => void;
  },
): void {
  const address = f.local("i32", indices);
  const index = f.local("i32");
  const bad = (value: Expr<"f64">): void => {
    emitFault(f, faultAddress, faultCodes.indexOutOfRange, value, body.position);
    body.missing?.();
  };
  const step = wide ? 8 : 4;
  f.for(body.position, i32.const(0), count, 1, () => {
    if (wide) {
      const full = f.local("i64", i64.load(address));
      f.set(index, i32.wrap_i64(full));
      f.if(
        i64.lt_u(full, i64.extend_i32_u(extent)),
        () => body.found(index),
        () => bad(f64.convert_i64_s(full)),
      );
    } else {
      f.set(index, i32.load(address));
      f.if(
        i32.lt_u(index, extent),
        () => body.found(index),
        () => bad(f64.convert_i32_s(index)),
      );
    }
    f.set(address, i32.add(address, i32.const(step)));
    body.after?.();
  });
}

/** Copies `size` bytes: in place for short blocks, memory.copy for long ones. */
export function copyBytes(f: FunctionBuilder, to: I32, from: I32, size: I32): void {
  const [target, source, left] = [f.local("i32", to), f.local("i32", from), f.local("i32", size)];
  const piece = (bytes: number, move: () => void): void =>
    f.if(i32.ge_u(left, i32.const(bytes)), () =>
      f.loop((again) => {
        move();
        f.set(target, i32.add(target, i32.const(bytes)));
        f.set(source, i32.add(source, i32.const(bytes)));
        f.set(left, i32.sub(left, i32.const(bytes)));
        f.branch(again, i32.ge_u(left, i32.const(bytes)));
      }),
    );
  f.if(
    i32.gt_u(left, i32.const(512)),
    () => f.emit(memoryCopy(target, source, left)),
    () => {
      piece(16, () => f.emit(v128.store(target, v128.load(source))));
      piece(4, () => f.emit(i32.store(target, i32.load(source))));
      piece(1, () => f.emit(i32.store8(target, i32.load8_u(source))));
    },
  );
}

/** Rows (or blocks behind an axis) by index. */
export const prepareGather: SinglePreparer = (workshop, instruction) => {
  const { axis } = attributesOf(instruction, "gather");
  const [x, indices] = instruction.operands as [HloInstruction, HloInstruction];
  const wide = indices.dtype === "int64";
  const outer = sizeOf(x.dims.slice(0, axis));
  const extent = x.dims[axis]!;
  const block = sizeOf(x.dims.slice(axis + 1)) * elementBytes(x.dtype);
  const count = sizeOf(indices.dims);
  const { faultAddress } = workshop.target;
  return prepareBlock(workshop, {
    key: `gather ${wide}`,
    arguments: 7,
    mayFault: true,
    values: ([from, at], [to]) => [outer, count, extent, block, from!.address, at!.address, to!.address],
    emit: ({ f }, [outerCount, indexCount, size, bytes, from, at, to]) => {
      const position = f.local("i32");
      const o = f.local("i32");
      f.for(o, i32.const(0), outerCount!, 1, () => {
        forEachIndex(f, faultAddress, wide, [indexCount!, at!, size!], {
          position,
          found: (index) => {
            const row = i32.add(from!, i32.mul(index, bytes!));
            f.if(
              i32.eq(bytes!, i32.const(4)),
              () => f.emit(i32.store(to!, i32.load(row))),
              () => copyBytes(f, to!, row, bytes!),
            );
          },
          missing: () => f.emit(memoryFill(to!, i32.const(0), bytes!)),
          after: () => f.set(to!, i32.add(to!, bytes!)),
        });
        f.set(from!, i32.add(from!, i32.mul(size!, bytes!)));
      });
    },
  });
};

/** Updates combined into rows, in index order; in place where the array's buffer is donated. */
export const prepareScatter: SinglePreparer = (workshop, instruction, inPlace) => {
  const { combiner } = attributesOf(instruction, "scatter");
  const [x, indices] = instruction.operands as [HloInstruction, HloInstruction];
  const { dtype } = x;
  const wide = indices.dtype === "int64";
  const block = sizeOf(x.dims.slice(1));
  const count = sizeOf(indices.dims);
  const { faultAddress } = workshop.target;
  return prepareBlock(workshop, {
    key: `scatter ${combiner} ${dtype} ${wide}`,
    arguments: 6,
    mayFault: true,
    before: ([from], [to]) => {
      if (!inPlace) copyWhole(workshop, from!, to!);
    },
    values: ([, at, updates], [to]) => [count, x.dims[0]!, block, at!.address, updates!.address, to!.address],
    emit: (context, [indexCount, size, row, at, updates, to]) => {
      const { f } = context;
      const position = f.local("i32");
      const bytes = f.local("i32", i32.mul(row!, i32.const(elementBytes(dtype))));
      forEachIndex(f, faultAddress, wide, [indexCount!, at!, size!], {
        position,
        found: (index) => {
          const target = f.local("i32", i32.add(to!, i32.mul(index, bytes)));
          if (combiner === "set") copyBytes(f, target, updates!, bytes);
          else combineRow(context, faultAddress, dtype, combiner, target, updates!, row!, position);
        },
        after: () => f.set(updates!, i32.add(updates!, bytes)),
      });
    },
  });
};

function combineRow(
  context: KernelContext,
  faultAddress: number,
  dtype: HloDType,
  opcode: "add" | "subtract" | "multiply" | "divide" | "maximum" | "minimum",
  target: Local<"i32">,
  updates: I32,
  row: I32,
  position: I32,
): void {
  const { f } = context;
  const operation: Operation = { opcode, dtype, argTypes: [dtype, dtype] };
  const left = f.local("i32", row);
  const source = f.local("i32", updates);
  const divides = opcode === "divide" && (isNarrow(dtype) || isWide(dtype));
  const element = (): I32 => i32.add(i32.mul(position, row), i32.sub(row, left));
  const withFault: KernelContext = divides
    ? {
        ...context,
        onDivisionByZero: (dividend) =>
          emitFault(f, faultAddress, faultCodes.divisionByZero, dividend, element()),
      }
    : context;
  const lanes: Lanes = isVectorizable(operation) ? vectorLanes(context) : scalarLanes(withFault);
  const { width } = lanes;
  const bytes = width * elementBytes(dtype);
  const turn = (count?: I32): void => {
    const at = (address: I32) => ({ address, offset: 0, movement: "unit" as const, steps: [] });
    const old = f.local(lanes.valueType(dtype), lanes.load(dtype, at(target)));
    const update = f.local(lanes.valueType(dtype), lanes.load(dtype, at(source)));
    lanes.store(dtype, target, 0, lanes.compute(operation, [old, update]), count);
  };
  f.if(i32.ge_s(left, i32.const(width)), () =>
    f.loop((again) => {
      turn();
      f.set(target, i32.add(target, i32.const(bytes)));
      f.set(source, i32.add(source, i32.const(bytes)));
      f.set(left, i32.sub(left, i32.const(width)));
      f.branch(again, i32.ge_s(left, i32.const(width)));
    }),
  );
  if (width > 1) f.if(left, () => turn(left));
}
