// Four lanes of 32 bits in memory: loads by unit, broadcast or stride, stores whole or of some lanes, of every type that fits.
import type { HloDType } from "@org/hlo";
import { fromHalfBits, toHalfBits } from "./half-lanes.ts";
import { elementBytes, type KernelContext, type Lanes } from "./lanes.ts";
import type { Expr, Local } from "./wasm-assembler.ts";
import { i32 } from "./wasm-opcodes.ts";
import { i16x8, i32x4, v128 } from "./wasm-simd.ts";

type V = Expr<"v128">;

export interface VectorMemory extends Pick<Lanes, "store"> {
  readonly load: (dtype: HloDType, at: Parameters<Lanes["load"]>[1]) => V;
  /** i32 lanes as read from memory, in the form that lanes of `dtype` have; and back. */
  readonly fromStored: (dtype: HloDType, value: V) => V;
  readonly toStored: (dtype: HloDType, value: V) => V;
}

/** Loads and stores of a function in the making. */
export function vectorMemory(context: KernelContext): VectorMemory {
  const { f, constants } = context;
  const { i32x4: ki } = constants;
  const keep = (value: V): Local<"v128"> => f.local("v128", value);
  const fromStored = (dtype: HloDType, value: V): V => {
    if (dtype === "bool") return i32x4.ne(value, i32x4.const(0));
    if (dtype === "float16" || dtype === "bfloat16") return fromHalfBits(context, dtype, value);
    return value;
  };
  const toStored = (dtype: HloDType, value: V): V => {
    if (dtype === "bool") return v128.and(value, ki(1));
    if (dtype === "float16" || dtype === "bfloat16") return toHalfBits(context, dtype, value);
    return value;
  };

  const loadUnit = (dtype: HloDType, address: Expr<"i32">, offset: number): V => {
    switch (elementBytes(dtype)) {
      case 4:
        return v128.load(address, offset);
      case 2:
        return dtype === "int16" ? v128.load16x4_s(address, offset) : v128.load16x4_u(address, offset);
      default: {
        const four = v128.load32_zero(address, offset);
        return dtype === "int8"
          ? i32x4.extend_low_i16x8_s(i16x8.extend_low_i8x16_s(four))
          : i32x4.extend_low_i16x8_u(i16x8.extend_low_i8x16_u(four));
      }
    }
  };
  const loadScalar = (dtype: HloDType, address: Expr<"i32">, offset: number): Expr<"i32"> => {
    switch (elementBytes(dtype)) {
      case 4:
        return i32.load(address, offset);
      case 2:
        return dtype === "int16" ? i32.load16_s(address, offset) : i32.load16_u(address, offset);
      default:
        return dtype === "int8" ? i32.load8_s(address, offset) : i32.load8_u(address, offset);
    }
  };
  const load: VectorMemory["load"] = (dtype, { address, offset, movement, steps }) => {
    if (movement === "unit") return fromStored(dtype, loadUnit(dtype, address, offset));
    if (elementBytes(dtype) === 4 && movement === "broadcast") return v128.load32_splat(address, offset);
    let value: V = i32x4.splat(loadScalar(dtype, address, offset));
    if (movement === "strided") {
      steps.forEach((step, i) => {
        value = i32x4.replace_lane(value, i + 1, loadScalar(dtype, i32.add(address, step), offset));
      });
    }
    return fromStored(dtype, value);
  };

  const storeLane = (dtype: HloDType, address: Expr<"i32">, offset: number, value: V, lane: number): void => {
    const bytes = elementBytes(dtype);
    if (bytes === 4) f.emit(v128.store32_lane(address, value, lane, offset));
    else if (bytes === 2) f.emit(i32.store16(address, i32x4.extract_lane(value, lane), offset));
    else f.emit(i32.store8(address, i32x4.extract_lane(value, lane), offset));
  };
  const storeUnit = (dtype: HloDType, address: Expr<"i32">, offset: number, value: V): void => {
    const bytes = elementBytes(dtype);
    if (bytes === 4) {
      f.emit(v128.store(address, value, offset));
      return;
    }
    // Out of the low bytes of each lane: no saturation to think about.
    const picked = bytes === 2 ? [0, 1, 4, 5, 8, 9, 12, 13] : [0, 4, 8, 12];
    const packed = v128.shuffle(
      value,
      value,
      Array.from({ length: 16 }, (_, i) => picked[i % picked.length]!),
    );
    f.emit(
      bytes === 2
        ? v128.store64_lane(address, packed, 0, offset)
        : v128.store32_lane(address, packed, 0, offset),
    );
  };
  return {
    load,
    fromStored,
    toStored,
    store: (dtype, address, offset, value, count, step) => {
      const stored = toStored(dtype, value as V);
      if (!count && !step) {
        storeUnit(dtype, address, offset, stored);
        return;
      }
      const kept = keep(stored);
      const at = (lane: number): Expr<"i32"> =>
        step && lane > 0 ? i32.add(address, i32.mul(step, i32.const(lane))) : address;
      const shift = (lane: number): number => (step ? 0 : lane * elementBytes(dtype));
      storeLane(dtype, address, offset, kept, 0);
      if (count === "one") return;
      for (let lane = 1; lane < 4; lane++) {
        const one = (): void => storeLane(dtype, at(lane), offset + shift(lane), kept, lane);
        if (count) f.if(i32.gt_s(count, i32.const(lane)), one);
        else one();
      }
    },
  };
}
