import type { HloDType, Reducer } from "@org/hlo";
import { describe, expect, it } from "vitest";
import { backend, build, expectSame, generator, inputsFor } from "./compare.ts";

type Pair = readonly [number, number];
const window = (
  size: number[],
  strides: number[],
  padding: Pair[],
  dilation = size.map(() => 1),
  baseDilation = size.map(() => 1),
) => ({
  size,
  strides,
  padding,
  dilation,
  baseDilation,
});

describe("reduceWindow", () => {
  const same = (dtype: HloDType, dims: number[], reducer: Reducer, w: ReturnType<typeof window>): void => {
    const computation = build(`window ${dtype}`, (b) => [
      b.reduceWindow(b.parameter(dtype, dims), reducer, w),
    ]);
    expectSame("single", computation, inputsFor(computation, 3), { tolerance: 1e-5 });
  };

  it("pools channels, with padding, strides and dilations", () => {
    for (const dtype of ["float32", "float64", "int32", "int64", "uint8"] as const)
      for (const reducer of ["add", "maximum", "minimum"] as const)
        for (const channels of [1, 3, 4, 9]) {
          same(
            dtype,
            [2, 6, 7, channels],
            reducer,
            window(
              [1, 2, 2, 1],
              [1, 2, 2, 1],
              [
                [0, 0],
                [0, 0],
                [0, 1],
                [0, 0],
              ],
            ),
          );
          same(
            dtype,
            [2, 6, 7, channels],
            reducer,
            window(
              [1, 3, 2, 1],
              [1, 1, 2, 1],
              [
                [0, 0],
                [1, 1],
                [2, 0],
                [0, 0],
              ],
              [1, 2, 1, 1],
            ),
          );
        }
    same(
      "float32",
      [5, 9],
      "add",
      window(
        [2, 3],
        [1, 2],
        [
          [1, 0],
          [2, 2],
        ],
        [1, 2],
        [2, 3],
      ),
    );
    same("float32", [11], "maximum", window([4], [3], [[1, 2]]));
  });

  it("random windows of up to four dimensions, channels or not, agree with the evaluator", () => {
    const next = generator(11);
    const upTo = (most: number): number => Math.floor(next() * (most + 1));
    let done = 0;
    while (done < 150) {
      const rank = 1 + (done % 4);
      const list = (of: () => number): number[] => Array.from({ length: rank }, of);
      const dims = list(() => 1 + upTo(rank > 2 ? 4 : 20));
      const w = window(
        list(() => 1 + upTo(2)),
        list(() => 1 + upTo(2)),
        Array.from({ length: rank }, (): Pair => [upTo(3) - 1, upTo(3) - 1]),
        list(() => 1 + upTo(1)),
        list(() => [1, 1, 2, 3][upTo(3)]!),
      );
      if (done % 2) {
        const last = rank - 1;
        for (const [key, value] of Object.entries({ size: 1, strides: 1, baseDilation: 1 }))
          w[key as "size"][last] = value;
        w.padding[last] = [0, 0];
      }
      const fits = dims.every((extent, d) => {
        const [low, high] = w.padding[d]!;
        const base = (extent - 1) * w.baseDilation[d]! + 1;
        return base + low + high >= (w.size[d]! - 1) * w.dilation[d]! + 1;
      });
      if (!fits) continue;
      for (const dtype of ["float32", "int64"] as const)
        same(dtype, dims, (["add", "maximum"] as const)[done % 3 ? 0 : 1], w);
      done++;
    }
  });
});

describe("convolution", () => {
  const same = (
    dtype: HloDType,
    x: number[],
    filter: number[],
    w: ReturnType<typeof window>,
    featureGroupCount = 1,
  ): void => {
    const computation = build(`convolution ${dtype}`, (b) => [
      b.convolution(b.parameter(dtype, x), b.parameter(dtype, filter), { window: w, featureGroupCount }),
    ]);
    expectSame("single", computation, inputsFor(computation, 5), {
      tolerance: dtype === "bfloat16" ? 0.2 : 1e-4,
    });
  };

  it("one, two and three dimensions, padding, strides, dilations, groups", () => {
    for (const dtype of ["float32", "float64", "int32", "bfloat16"] as const) {
      same(dtype, [2, 9, 3], [4, 3, 5], window([4], [2], [[1, 2]]));
      same(
        dtype,
        [2, 8, 7, 3],
        [3, 3, 3, 10],
        window(
          [3, 3],
          [1, 1],
          [
            [1, 1],
            [1, 1],
          ],
        ),
      );
      same(
        dtype,
        [1, 8, 7, 3],
        [3, 2, 3, 4],
        window(
          [3, 2],
          [2, 1],
          [
            [0, 2],
            [1, 0],
          ],
          [2, 3],
        ),
      );
      same(
        dtype,
        [1, 4, 4, 2],
        [3, 3, 2, 4],
        window(
          [3, 3],
          [1, 1],
          [
            [2, 2],
            [2, 2],
          ],
          [1, 1],
          [2, 2],
        ),
      );
      same(
        dtype,
        [2, 5, 5, 4],
        [3, 3, 2, 6],
        window(
          [3, 3],
          [1, 1],
          [
            [1, 1],
            [1, 1],
          ],
        ),
        2,
      );
      same(
        dtype,
        [2, 5, 5, 4],
        [3, 3, 1, 8],
        window(
          [3, 3],
          [1, 1],
          [
            [1, 1],
            [1, 1],
          ],
        ),
        4,
      );
      same(
        dtype,
        [1, 3, 4, 5, 2],
        [2, 2, 2, 2, 3],
        window(
          [2, 2, 2],
          [1, 1, 1],
          [
            [0, 0],
            [1, 0],
            [0, 1],
          ],
        ),
      );
    }
  });

  it("more rows than fit in one go, and no new kernel for another batch", () => {
    const w = window(
      [3, 3],
      [1, 1],
      [
        [1, 1],
        [1, 1],
      ],
    );
    same("float32", [3, 30, 30, 20], [3, 3, 20, 8], w);
    const { compiled } = backend.stats();
    same("float32", [1, 30, 30, 20], [3, 3, 20, 8], w);
    expect(backend.stats().compiled).toBe(compiled);
  });
});
