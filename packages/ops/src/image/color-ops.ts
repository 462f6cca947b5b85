// Colors of images: RGBToHSV, HSVToRGB, and what changes hue, saturation, contrast. Lowered. Images are [..., 3] in [0, 1].
// Source: core/ops/image_ops.cc, core/kernels/{colorspace_op.h,adjust_hue_op,adjust_saturation_op,adjust_contrast_op}.cc.
import type { HloInstruction } from "@org/hlo";
import { Shape } from "@org/tensor";
import { defineOps, type OpSpec } from "../define.ts";
import { filled } from "../lowering.ts";
import type { LoweringContext, OpEntry } from "../op-entry.ts";
import { replaceDim, unchangedAtLeast, withRank, withRankAtLeast, withValue } from "../shape-rules.ts";

type Value = HloInstruction;
type Triple = readonly [Value, Value, Value];

/** Arithmetic of values with values or numbers. */
class Arithmetic {
  readonly #c: LoweringContext;

  constructor(c: LoweringContext) {
    this.#c = c;
  }

  #of(like: Value, x: Value | number): Value {
    return typeof x === "number" ? filled(this.#c, like, x) : x;
  }

  #binary(
    opcode: Parameters<LoweringContext["builder"]["binary"]>[0],
    a: Value | number,
    b: Value | number,
  ): Value {
    const like = (typeof a === "number" ? b : a) as Value;
    return this.#c.builder.binary(opcode, this.#of(like, a), this.#of(like, b));
  }

  add = (a: Value | number, b: Value | number): Value => this.#binary("add", a, b);
  sub = (a: Value | number, b: Value | number): Value => this.#binary("subtract", a, b);
  mul = (a: Value | number, b: Value | number): Value => this.#binary("multiply", a, b);
  div = (a: Value | number, b: Value | number): Value => this.#binary("divide", a, b);
  max = (a: Value | number, b: Value | number): Value => this.#binary("maximum", a, b);
  min = (a: Value | number, b: Value | number): Value => this.#binary("minimum", a, b);
  abs = (x: Value): Value => this.#c.builder.unary("abs", x);
  floor = (x: Value): Value => this.#c.builder.unary("floor", x);
  unit = (x: Value): Value => this.max(this.min(x, 1), 0);
  where = (a: Value, direction: "EQ" | "GT" | "LT", b: Value | number, yes: Value, no: Value): Value =>
    this.#c.builder.select(this.#c.builder.compare(direction, a, this.#of(a, b)), yes, no);
}

/** The three channels, without their dimension. */
function channels(c: LoweringContext, x: Value): Triple {
  const outer = x.dims.slice(0, -1);
  const zeros = outer.map(() => 0);
  return [0, 1, 2].map((i) =>
    c.builder.reshape(c.builder.slice(x, [...zeros, i], [...outer, i + 1]), outer),
  ) as unknown as Triple;
}

function joined(c: LoweringContext, parts: Triple): Value {
  const wide = parts.map((part) => c.builder.reshape(part, [...part.dims, 1]));
  return c.builder.concatenate(wide, parts[0].dims.length);
}

function toHsv(a: Arithmetic, [red, green, blue]: Triple): Triple {
  const value = a.max(a.max(red, green), blue);
  const range = a.sub(value, a.min(a.min(red, green), blue));
  const zero = a.mul(value, 0);
  const saturation = a.where(value, "GT", 0, a.div(range, value), zero);
  const norm = a.div(1 / 6, range);
  const ofBlue = a.add(a.mul(a.sub(red, green), norm), 4 / 6);
  const ofGreen = a.add(a.mul(a.sub(blue, red), norm), 2 / 6);
  const ofRed = a.mul(a.sub(green, blue), norm);
  const sector = a.where(red, "EQ", value, ofRed, a.where(green, "EQ", value, ofGreen, ofBlue));
  const hue = a.where(range, "GT", 0, sector, zero);
  return [a.where(hue, "LT", 0, a.add(hue, 1), hue), saturation, value];
}

function toRgb(a: Arithmetic, [hue, saturation, value]: Triple): Triple {
  const six = a.mul(hue, 6);
  const red = a.unit(a.sub(a.abs(a.sub(six, 3)), 1));
  const green = a.unit(a.sub(2, a.abs(a.sub(six, 2))));
  const blue = a.unit(a.sub(2, a.abs(a.sub(six, 4))));
  const rest = a.sub(1, saturation);
  const tinted = (part: Value): Value => a.mul(a.add(rest, a.mul(saturation, part)), value);
  return [tinted(red), tinted(green), tinted(blue)];
}

function conversion(convert: (a: Arithmetic, parts: Triple) => Triple): OpSpec {
  return {
    shape: (c) => {
      const input = withRankAtLeast(c.input(0), 1);
      return [replaceDim(input, -1, withValue(input.dim(-1), 3))];
    },
    lower: (c) => {
      const x = c.input(0);
      if (x.dims.length < 1) c.fail("INVALID_ARGUMENT", `input must be at least 1D${new Shape(x.dims)}`);
      if (x.dims.at(-1) !== 3)
        c.fail("INVALID_ARGUMENT", `input must have 3 channels but instead has ${x.dims.at(-1)} channels.`);
      return joined(c, convert(new Arithmetic(c), channels(c, x)));
    },
  };
}

/** An op that changes HSV colors by a number, in float32. */
function adjustment(what: string, change: (a: Arithmetic, hsv: Triple, amount: Value) => Triple): OpSpec {
  return {
    shape: unchangedAtLeast(3),
    lower: (c) => {
      const x = c.input(0);
      const amount = c.input(1);
      if (x.dims.length < 3)
        c.fail("INVALID_ARGUMENT", `input must be at least 3-D, got shape${new Shape(x.dims)}`);
      if (amount.dims.length !== 0)
        c.fail("INVALID_ARGUMENT", `${what} must be scalar: ${new Shape(amount.dims)}`);
      if (x.dims.at(-1) !== 3)
        c.fail("INVALID_ARGUMENT", `input must have 3 channels but instead has ${x.dims.at(-1)} channels.`);
      const a = new Arithmetic(c);
      const hsv = toHsv(a, channels(c, c.builder.convert(x, "float32")));
      const stretched = c.builder.broadcastTo(amount, hsv[0].dims);
      return c.builder.convert(joined(c, toRgb(a, change(a, hsv, stretched))), x.dtype);
    },
  };
}

/** Entries of the ops on colors. TensorFlow 1.15 has no gradients of them. */
export const colorOps: readonly OpEntry[] = defineOps({
  RGBToHSV: conversion(toHsv),
  HSVToRGB: conversion(toRgb),
  AdjustHue: adjustment("delta", (a, [hue, saturation, value], delta) => {
    const turned = a.add(hue, delta);
    return [a.sub(turned, a.floor(turned)), saturation, value];
  }),
  AdjustSaturation: adjustment("scale", (a, [hue, saturation, value], scale) => [
    hue,
    a.unit(a.mul(saturation, scale)),
    value,
  ]),
  AdjustContrastv2: {
    shape: (c) => {
      withRank(c.input(1), 0);
      return [withRankAtLeast(c.input(0), 3)];
    },
    // (x - mean) factor + mean, over each channel of each image.
    lower: (c) => {
      const [x, factor] = [c.input(0), c.input(1)];
      const b = c.builder;
      const { length } = x.dims;
      if (length < 3) c.fail("INVALID_ARGUMENT", `input must be at least 3-D, got shape${new Shape(x.dims)}`);
      if (factor.dims.length !== 0)
        c.fail("INVALID_ARGUMENT", `contrast_factor must be scalar: ${new Shape(factor.dims)}`);
      const a = new Arithmetic(c);
      const wide = b.convert(x, "float32");
      const sum = b.reduce(wide, "add", [length - 3, length - 2]);
      const count = b.broadcastTo(b.extent("float32", x.dims[length - 3]! * x.dims[length - 2]!), sum.dims);
      const kept = x.dims.map((dim, i) => (i === length - 3 || i === length - 2 ? 1 : dim));
      const mean = b.broadcastTo(b.reshape(a.div(sum, count), kept), x.dims);
      const strength = b.broadcastTo(factor, x.dims);
      return b.convert(a.add(a.mul(a.sub(wide, mean), strength), mean), x.dtype);
    },
  },
});
