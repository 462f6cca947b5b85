// What is told of values and shapes without a run: Python's rules and the stronger ones of C++'s shape functions.
import { type NdArray, ndArray } from "@org/tensor";
import fc from "fast-check";
import { beforeEach, describe, expect, it } from "vitest";
import { coreOps } from "../src/core-ops.ts";
import {
  constantValue,
  constantValueAsShape,
  createOpRegistry,
  evaluateConstant,
  evaluateShape,
  Graph,
  type OpInput,
  type Tensor,
} from "../src/index.ts";
import { opDefs } from "../src/op-defs.ts";

let graph: Graph;
beforeEach(() => {
  graph = new Graph({ ops: createOpRegistry(coreOps, { fallback: opDefs() }) });
});
const constant = (value: NdArray): Tensor =>
  graph.createOp("Const", [], { attrs: { dtype: value.dtype, value } }).outputs[0]!;
const vector = (...values: number[]): Tensor =>
  constant(ndArray("int32", [values.length], Int32Array.from(values)));
const scalar = (value: number): Tensor => constant(ndArray("int32", [], Int32Array.of(value)));
const apply = (
  type: string,
  inputs: OpInput[],
  attrs: Record<string, never | number | boolean | string> = {},
): Tensor => graph.createOp(type, inputs, { attrs }).outputs[0]!;
const placeholder = (...shape: (number | null)[]): Tensor =>
  graph.createOp("Placeholder", [], { attrs: { dtype: "float32", shape } }).outputs[0]!;
const numbers = (value: NdArray | undefined): number[] | undefined =>
  value && Array.from(value.data as ArrayLike<number | bigint>, Number);
const masks = { begin_mask: 0, end_mask: 0, ellipsis_mask: 0, new_axis_mask: 0, shrink_axis_mask: 0 };

describe("constantValue", () => {
  const told: [string, () => Tensor, number[], number[]][] = [
    ["Const", () => vector(1, 2), [2], [1, 2]],
    ["Shape", () => apply("Shape", [placeholder(2, 3)]), [2], [2, 3]],
    ["Size", () => apply("Size", [placeholder(2, 3)]), [], [6]],
    ["Rank", () => apply("Rank", [placeholder(null, 3)]), [], [2]],
    ["Range", () => apply("Range", [scalar(1), scalar(8), scalar(3)]), [3], [1, 4, 7]],
    ["Cast", () => apply("Cast", [vector(1, 2)], { DstT: "int64" }), [2], [1, 2]],
    ["Pack", () => apply("Pack", [[scalar(1), scalar(2)]]), [2], [1, 2]],
    ["Concat", () => apply("Concat", [scalar(0), [vector(1), vector(2, 3)]]), [3], [1, 2, 3]],
    ["ConcatV2", () => apply("ConcatV2", [[vector(1), vector(2, 3)], scalar(0)]), [3], [1, 2, 3]],
    ["Fill", () => apply("Fill", [vector(2, 2), scalar(7)]), [2, 2], [7, 7, 7, 7]],
    ["Equal", () => apply("Equal", [vector(1, 2), vector(1, 3)]), [2], [1, 0]],
    ["NotEqual", () => apply("NotEqual", [vector(1, 2), vector(1, 3)]), [2], [0, 1]],
  ];
  it.each(told)("tells %s", (_, make, shape, values) => {
    const value = constantValue(make());
    expect(value?.shape).toEqual(shape);
    expect(numbers(value)).toEqual(values);
  });

  it("tells nothing of what Python does not", () => {
    expect(constantValue(apply("Shape", [placeholder(null, 3)]))).toBeUndefined();
    expect(constantValue(apply("Add", [scalar(1), scalar(2)]))).toBeUndefined();
    expect(constantValue(apply("Identity", [scalar(1)]))).toBeUndefined();
    expect(constantValue(apply("Pack", [[scalar(1), scalar(2)]], { axis: -1 }))).toBeUndefined();
  });

  it("keeps strings and types", () => {
    const text = constantValue(constant(ndArray("string", [1], [new TextEncoder().encode("a")])));
    expect(text).toMatchObject({ dtype: "string", shape: [1] });
    expect(constantValue(apply("Cast", [vector(3)], { DstT: "int64" }))?.data).toEqual(BigInt64Array.of(3n));
  });
});

describe("constantValueAsShape", () => {
  it("tells what is known", () => {
    expect(constantValueAsShape(vector(2, -1)).toString()).toBe("[2,?]");
    expect(constantValueAsShape(vector()).toString()).toBe("[]");
    expect(constantValueAsShape(scalar(-1)).toString()).toBe("<unknown>");
    expect(constantValueAsShape(apply("Shape", [placeholder(null, 3)])).toString()).toBe("[?,3]");
    expect(
      constantValueAsShape(apply("Pack", [[scalar(4), apply("Size", [placeholder(null)])]])).toString(),
    ).toBe("[4,?]");
    const sliced = apply(
      "StridedSlice",
      [apply("Shape", [placeholder(null, 3, 4)]), vector(1), vector(0), vector(1)],
      { ...masks, end_mask: 1 },
    );
    expect(constantValueAsShape(sliced).toString()).toBe("[3,4]");
    expect(constantValueAsShape(apply("ConcatV2", [[sliced, vector(9)], scalar(0)])).toString()).toBe(
      "[3,4,9]",
    );
  });

  it("refuses scalars but -1, and matrices", () => {
    expect(() => constantValueAsShape(scalar(2))).toThrow(
      "Received a scalar value '2' as shape; require a statically known scalar with value '-1' to describe an unknown shape.",
    );
    expect(() => constantValueAsShape(constant(ndArray("int32", [1, 1], Int32Array.of(1))))).toThrow(
      "must have rank 1",
    );
  });
});

describe("what shape functions see", () => {
  const told: [string, () => Tensor, number[]][] = [
    [
      "arithmetic",
      () =>
        apply("FloorDiv", [
          apply("Mul", [vector(4, 6), vector(3)]),
          apply("Maximum", [vector(5, 0), vector(1)]),
        ]),
      [2, 18],
    ],
    [
      "Prod of a slice",
      () =>
        apply("Prod", [
          apply(
            "StridedSlice",
            [apply("Shape", [placeholder(2, 3, 4)]), vector(1), vector(3), vector(1)],
            masks,
          ),
          vector(0),
        ]),
      [12],
    ],
    ["Gather", () => apply("GatherV2", [vector(5, 6, 7), vector(2, 0), scalar(0)]), [7, 5]],
    [
      "DynamicStitch",
      () =>
        apply("DynamicStitch", [
          [vector(0, 2), vector(1)],
          [vector(10, 30), vector(20)],
        ]),
      [10, 20, 30],
    ],
    [
      "DynamicPartition",
      () =>
        graph.createOp("DynamicPartition", [vector(7, 8, 9), vector(1, 0, 1)], {
          attrs: { num_partitions: 2 },
        }).outputs[1]!,
      [7, 9],
    ],
    [
      "Range over a rank",
      () => apply("Range", [scalar(0), apply("Rank", [placeholder(null, 3)]), scalar(1)]),
      [0, 1],
    ],
    [
      "ExpandDims and Squeeze",
      () => apply("Squeeze", [apply("ExpandDims", [vector(1, 2), scalar(0)])]),
      [1, 2],
    ],
    ["Reshape", () => apply("Reshape", [vector(1, 2, 3, 4), vector(2, -1)]), [1, 2, 3, 4]],
    ["Tile", () => apply("Tile", [vector(1, 2), vector(2)]), [1, 2, 1, 2]],
    [
      "Select",
      () => apply("Select", [apply("Greater", [vector(1, 5), vector(3, 3)]), vector(1, 2), vector(8, 9)]),
      [8, 2],
    ],
    ["InvertPermutation", () => apply("InvertPermutation", [vector(2, 0, 1)]), [1, 2, 0]],
    ["ReverseV2", () => apply("ReverseV2", [vector(1, 2, 3), vector(0)]), [3, 2, 1]],
    [
      "a negative step",
      () =>
        apply("StridedSlice", [vector(1, 2, 3, 4), vector(-1), vector(0), vector(-2)], {
          ...masks,
          end_mask: 1,
        }),
      [4, 2],
    ],
    ["Slice", () => apply("Slice", [vector(1, 2, 3), vector(1), vector(-1)]), [2, 3]],
  ];
  it.each(told)("folds %s", (_, make, values) => {
    expect(numbers(evaluateConstant(make()))).toEqual(values);
  });

  it("folds nothing that a run decides", () => {
    const withDefault = graph.createOp("PlaceholderWithDefault", [vector(1)], { attrs: { shape: [1] } })
      .outputs[0]!;
    expect(evaluateConstant(apply("Add", [withDefault, vector(1)]))).toBeUndefined();
    expect(evaluateConstant(apply("Add", [apply("Shape", [placeholder(null)]), vector(1)]))).toBeUndefined();
    expect(evaluateConstant(apply("RandomUniform", [vector(2)], { dtype: "float32" }))).toBeUndefined();
  });

  it("gives up on long chains and large values, without running away", () => {
    let x = scalar(1);
    for (let i = 0; i < 2000; i++) x = apply("Add", [x, x]);
    expect(evaluateConstant(x)).toBeUndefined();
    expect(evaluateConstant(apply("Fill", [vector(1 << 15, 1 << 15), scalar(1)]))).toBeUndefined();
    expect(evaluateConstant(apply("Range", [scalar(0), scalar(2 ** 31 - 1), scalar(1)]))).toBeUndefined();
    expect(evaluateConstant(apply("FloorDiv", [scalar(1), scalar(0)]))).toBeUndefined();
  });

  it("reads partial shapes through Pack, Concat and slices", () => {
    const shape = apply("Shape", [placeholder(null, 3)]);
    const first = apply("StridedSlice", [shape, vector(0), vector(1), vector(1)], {
      ...masks,
      shrink_axis_mask: 1,
    });
    expect(evaluateShape(apply("Pack", [[first, scalar(5)]])).toString()).toBe("[?,5]");
    const tail = apply("StridedSlice", [shape, vector(1), vector(0), vector(1)], { ...masks, end_mask: 1 });
    expect(evaluateShape(apply("ConcatV2", [[tail, vector(9)], scalar(0)])).toString()).toBe("[3,9]");
    expect(() => evaluateShape(vector(-2))).toThrow("Invalid value in tensor used for shape: -2");
  });

  it("slices as arrays do", () => {
    const values = fc.array(fc.integer({ min: -9, max: 9 }), { minLength: 1, maxLength: 6 });
    const bound = fc.integer({ min: -8, max: 8 });
    fc.assert(
      fc.property(values, bound, bound, fc.integer({ min: 1, max: 3 }), (list, begin, end, step) => {
        const expected = list.slice(begin, end).filter((_, i) => i % step === 0);
        const got = apply("StridedSlice", [vector(...list), vector(begin), vector(end), vector(step)], masks);
        expect(numbers(evaluateConstant(got))).toEqual(expected);
      }),
      { numRuns: 50 },
    );
  });
});
