// Convolutions, pools and normalization beyond TensorFlow's CPU kernels: channels first, groups, dilations, volumes, explicit
// paddings, against the same op with channels last or written out; gradients against numeric ones; errors; builders.
import { Graph, type Tensor } from "@org/graph";
import { type NdArray, ndArray, toNumbers } from "@org/tensor";
import { describe, expect, it } from "vitest";
import * as tf from "../src/index.ts";
import { checks as inSinglePrecision } from "./gradient-checks/single-precision.ts";
import { checks, grads, numbers, weigh } from "./gradient-checks/windows.ts";
import { MiniSession } from "./mini-session.ts";
import { checkGradients } from "./numeric-gradient.ts";

type Build = (...xs: Tensor[]) => Tensor | readonly Tensor[];

async function valuesOf(build: Build, ...shapes: readonly (readonly number[])[]): Promise<NdArray[]> {
  const graph = new Graph({ ops: tf.standardOps });
  const made = graph.asDefault(() => build(...shapes.map((shape, i) => tf.constant(numbers(shape, i + 1)))));
  return new MiniSession(graph).run([made].flat() as Tensor[]);
}

function expectClose(a: NdArray, b: NdArray, within = 1e-9): void {
  expect(a.shape).toEqual(b.shape);
  const [x, y] = [toNumbers(a), toNumbers(b)];
  x.forEach((value, i) => {
    if (!(Math.abs(value - y[i]!) <= within * Math.max(1, Math.abs(y[i]!))))
      expect(`element ${i}: ${value}`).toBe(`element ${i}: ${y[i]}`);
  });
}

/** The two lists that `build` gives are the same arrays. */
async function expectEqual(
  build: (...xs: Tensor[]) => readonly [readonly Tensor[], readonly Tensor[]],
  ...shapes: readonly (readonly number[])[]
): Promise<void> {
  let count = 0;
  const all = await valuesOf(
    (...xs) => {
      const [got, wanted] = build(...xs);
      expect(got.length).toBe(wanted.length);
      count = got.length;
      return [...got, ...wanted];
    },
    ...shapes,
  );
  for (let i = 0; i < count; i++) expectClose(all[i]!, all[count + i]!);
}

const first = (x: Tensor): Tensor => tf.transpose(x, [0, 3, 1, 2]);
const last = (x: Tensor): Tensor => tf.transpose(x, [0, 2, 3, 1]);

describe("channels first is channels last, transposed", () => {
  const cases: Record<string, (x: Tensor, w: Tensor, dataFormat: "NHWC" | "NCHW") => Tensor> = {
    conv2d: (x, w, dataFormat) => tf.conv2d(x, w, { strides: [2, 1], padding: "SAME", dataFormat }),
    "conv2d explicit": (x, w, dataFormat) => {
      const pads = [
        [1, 0],
        [2, 1],
      ] as const;
      const none = [0, 0] as const;
      const padding = dataFormat === "NHWC" ? [none, ...pads, none] : [none, none, ...pads];
      return tf.conv2d(x, w, { strides: 1, padding, dataFormat });
    },
    depthwise: (x, w, dataFormat) =>
      tf.depthwiseConv2dNative(x, w, { strides: 2, padding: "VALID", dataFormat }),
    "depthwise, rate 2": (x, w, dataFormat) =>
      tf.depthwiseConv2d(x, w, { strides: 1, padding: "SAME", rate: 2, dataFormat }),
    "max pool": (x, _, dataFormat) => tf.maxPool(x, { ksize: 3, strides: 2, padding: "SAME", dataFormat }),
    "average pool": (x, _, dataFormat) =>
      tf.avgPool(x, { ksize: [2, 3], strides: 1, padding: "SAME", dataFormat }),
  };
  for (const [name, build] of Object.entries(cases)) {
    it(name, () =>
      expectEqual(
        (x, w) => {
          const wanted = build(x, w, "NHWC");
          const own = first(x);
          const got = last(build(own, w, "NCHW"));
          const xs = name.includes("pool") ? ([] as Tensor[]) : [w];
          return [
            [got, ...grads(got, x, ...xs)],
            [wanted, ...grads(wanted, x, ...xs)],
          ];
        },
        [2, 6, 5, 3],
        [3, 2, 3, 2],
      ),
    );
  }

  for (const isTraining of [true, false]) {
    it(`batch norm, ${isTraining ? "training" : "not training"}`, () =>
      expectEqual(
        (x, scale, offset, mean) => {
          const statistics = isTraining ? {} : { mean: single(mean), variance: single(tf.square(mean)) };
          const norm = (y: Tensor, dataFormat: "NHWC" | "NCHW"): Tensor =>
            tf.fusedBatchNorm(single(y), single(scale), single(offset), {
              ...statistics,
              isTraining,
              dataFormat,
            }).y;
          const wanted = norm(x, "NHWC");
          const got = last(norm(first(x), "NCHW"));
          return [
            [got, ...gradsOf(got, x, scale, offset)].map(rounded),
            [wanted, ...gradsOf(wanted, x, scale, offset)].map(rounded),
          ];
        },
        [2, 3, 2, 4],
        [4],
        [4],
        [4],
      ));
  }
});

/** moments without the stopGradient within, which second derivatives would miss. */
function differentiable(x: Tensor, axes: readonly number[]): { mean: Tensor; variance: Tensor } {
  const mean = tf.reduceMean(x, axes, { keepdims: true });
  return { mean, variance: tf.reduceMean(tf.squaredDifference(x, mean), axes, { keepdims: true }) };
}

const single = (x: Tensor): Tensor => tf.cast(x, "float32");
const gradsOf = (y: Tensor, ...xs: Tensor[]): Tensor[] =>
  tf.gradients(tf.operator.mul(y, single(tf.constant(numbers(y.shape.toNumbers(), 5)))), xs) as Tensor[];
/** float32 results of sums in another order: to four digits. */
const rounded = (x: Tensor): Tensor => tf.round(tf.operator.mul(tf.cast(x, "float64"), 1e3));

describe("convolutions written out", () => {
  it("a max pool of volumes of depth 1 is one of images", () =>
    expectEqual(
      (x) => {
        const own = single(x);
        const wanted = tf.maxPool(own, { ksize: [2, 3], strides: [2, 1], padding: "SAME" });
        const deep = tf.maxPool3d(tf.expandDims(own, 1), {
          ksize: [1, 2, 3],
          strides: [1, 2, 1],
          padding: "SAME",
        });
        const got = tf.squeeze(deep, [1]);
        return [[got, ...gradsOf(got, x)].map(rounded), [wanted, ...gradsOf(wanted, x)].map(rounded)];
      },
      [2, 4, 5, 2],
    ));

  it("groups are convolutions of their own", () =>
    expectEqual(
      (x, w) => {
        const whole = tf.conv2d(x, w, { strides: 1, padding: "SAME" });
        const parts = tf
          .split(x, 2, 3)
          .map((part, i) => tf.conv2d(part, tf.split(w, 2, 3)[i]!, { strides: 1, padding: "SAME" }));
        const joined = tf.concat(parts, 3);
        return [
          [whole, ...grads(whole, x, w)],
          [joined, ...grads(joined, x, w)],
        ];
      },
      [2, 4, 3, 4],
      [2, 3, 2, 6],
    ));

  it("dilations are zeros within the filter", () =>
    expectEqual(
      (x, w) => {
        const got = tf.conv2d(x, w, { strides: 1, padding: "VALID", dilations: [2, 3] });
        const zeros = tf.zeros([1, 2, 2, 3], "float64");
        const [a, b] = tf.split(w, 2, 0) as [Tensor, Tensor];
        const wide = (row: Tensor): Tensor => {
          const [p, q] = tf.split(row, 2, 1) as [Tensor, Tensor];
          return tf.concat([p, zeros, q], 1);
        };
        const filter = tf.concat([wide(a), tf.zeros([1, 4, 2, 3], "float64"), wide(b)], 0);
        const wanted = tf.conv2d(x, filter, { strides: 1, padding: "VALID" });
        return [
          [got, ...grads(got, x, w)],
          [wanted, ...grads(wanted, x, w)],
        ];
      },
      [2, 7, 8, 2],
      [2, 2, 2, 3],
    ));

  it("dilated ones through SpaceToBatchND are those of the attribute", () =>
    expectEqual(
      (x, w) => {
        const made = (["SAME", "VALID"] as const).map((padding) => [
          tf.atrousConv2d(x, w, 2, { padding }),
          tf.conv2d(x, w, { strides: 1, padding, dilations: 2 }),
        ]);
        return [made.map(([a]) => a!), made.map(([, b]) => b!)];
      },
      [2, 7, 6, 2],
      [3, 2, 2, 3],
    ));

  it("a volume of depth 1 is an image", () =>
    expectEqual(
      (x, w) => {
        const wanted = tf.conv2d(x, w, { strides: [2, 1], padding: "SAME" });
        const [deep, filter] = [tf.expandDims(x, 1), tf.expandDims(w, 0)];
        const got = tf.squeeze(tf.conv3d(deep, filter, { strides: [1, 2, 1], padding: "SAME" }), [1]);
        return [
          [got, ...grads(got, x, w)],
          [wanted, ...grads(wanted, x, w)],
        ];
      },
      [2, 4, 5, 2],
      [3, 2, 2, 3],
    ));
});

describe("gradients are numeric ones", () => {
  for (const [i, { name, f, shapes }] of checks.entries()) {
    it(`${i} ${name}`, async () => {
      const graph = new Graph({ ops: tf.standardOps });
      const values = shapes.map((shape, j) => numbers(shape, j + 1));
      const { xs, loss, found } = graph.asDefault(() => {
        const xs = shapes.map((shape) => tf.placeholder("float64", shape));
        const ys = [f(...xs)].flat() as Tensor[];
        const loss = tf.addN(ys.map((y) => tf.reduceSum(weigh(y))));
        return { xs, loss, found: tf.gradients(loss, xs) as Tensor[] };
      });
      const session = new MiniSession(graph);
      const feeds = (change?: readonly [number, number, number]) =>
        new Map(
          xs.map((x, j) => {
            if (change?.[0] !== j) return [x, values[j]!] as const;
            const data = values[j]!.data.slice();
            data[change[1]]! += change[2];
            return [x, ndArray("float64", shapes[j]!, data)] as const;
          }),
        );
      const analytic = await session.run(found, feeds());
      const at = async (...change: [number, number, number]): Promise<number> =>
        toNumbers(await session.fetch(loss, feeds(change)))[0]!;
      for (const [j, value] of values.entries()) {
        const own = toNumbers(analytic[j]!);
        expect(analytic[j]!.shape).toEqual(shapes[j]);
        for (let k = 0; k < value.data.length; k += value.data.length > 40 ? 3 : 1) {
          const numeric = ((await at(j, k, 1e-4)) - (await at(j, k, -1e-4))) / 2e-4;
          if (!(Math.abs(numeric - own[k]!) <= 1e-5 * Math.max(1, Math.abs(numeric))))
            expect(`x${j}[${k}]: ${own[k]}`).toBe(`x${j}[${k}]: ${numeric}`);
        }
      }
    });
  }

  it.each(inSinglePrecision.map((check) => [check.name, check] as const))("%s", (_, check) =>
    checkGradients(check),
  );

  for (const dataFormat of ["NHWC", "NCHW"] as const)
    for (const isTraining of [true, false])
      it(`batch norm's gradient written out, ${dataFormat}, ${isTraining}`, async () => {
        // float32 alone, so against the same function of plain ops in double precision, twice differentiated.
        const shape = dataFormat === "NHWC" ? [3, 2, 2, 2] : [3, 2, 2, 2];
        const [fused, plain] = await Promise.all(
          [true, false].map((isFused) =>
            valuesOf(
              (x, scale, offset) => {
                const axes = dataFormat === "NHWC" ? [0, 1, 2] : [0, 2, 3];
                const vector = (v: Tensor): Tensor =>
                  dataFormat === "NHWC" ? v : tf.reshape(v, [1, 2, 1, 1]);
                const population = { mean: [0.5, -0.25], variance: [1.5, 0.75] };
                const norm = (): Tensor => {
                  if (isFused) {
                    const given = isTraining ? {} : population;
                    return tf.fusedBatchNorm(single(x!), single(scale!), single(offset!), {
                      ...given,
                      isTraining,
                      dataFormat,
                      epsilon: 0.1,
                    }).y;
                  }
                  const { mean, variance } = isTraining
                    ? differentiable(x!, axes)
                    : {
                        mean: vector(tf.constant(population.mean, "float64")),
                        variance: vector(tf.constant(population.variance, "float64")),
                      };
                  return tf.batchNormalization(x!, mean, variance, vector(offset!), vector(scale!), 0.1);
                };
                const y = tf.cast(norm(), "float64");
                const dxs = tf.gradients(weigh(tf.square(y)), [x!, scale!, offset!]) as Tensor[];
                const second = tf.gradients(dxs.slice(0, 2).map(weigh), [x!, scale!]) as Tensor[];
                return [y, ...dxs, ...second];
              },
              shape,
              [2],
              [2],
            ),
          ),
        );
        fused!.forEach((value, i) => {
          expectClose(value, plain![i]!, 2e-4);
        });
      });
});

describe("errors", () => {
  const build = (make: () => unknown): unknown => new Graph({ ops: tf.standardOps }).asDefault(make);
  const x = (): Tensor => tf.placeholder("float32", [1, 4, 4, 2]);
  it.each([
    [
      "Negative dimension size caused by subtracting 5 from 4",
      () => tf.conv2d(x(), tf.ones([5, 5, 2, 1]), { strides: 1, padding: "VALID" }),
    ],
    [
      "Depth of input (2) is not a multiple of input depth of filter (3)",
      () => tf.conv2d(x(), tf.ones([1, 1, 3, 1]), { strides: 1, padding: "SAME" }),
    ],
    [
      "strides should be of length 1, 2 or 4 but was 3",
      () => tf.conv2d(x(), tf.ones([1, 1, 2, 1]), { strides: [1, 1, 1], padding: "SAME" }),
    ],
    [
      "All elements of explicit_paddings must be nonnegative",
      () =>
        tf.conv2d(x(), tf.ones([1, 1, 2, 1]), {
          strides: 1,
          padding: [
            [0, 0],
            [-1, 0],
            [0, 0],
            [0, 0],
          ],
        }),
    ],
    [
      "Nonzero explicit padding in the batch or depth dimensions is not supported",
      () =>
        tf.conv2d(x(), tf.ones([1, 1, 2, 1]), {
          strides: 1,
          padding: [
            [1, 0],
            [0, 0],
            [0, 0],
            [0, 0],
          ],
        }),
    ],
    [
      "Dimensions must be equal, but are 2 and 3",
      () => tf.depthwiseConv2dNative(x(), tf.ones([1, 1, 3, 1]), { strides: 1, padding: "SAME" }),
    ],
    ["ksize cannot be zero.", () => tf.maxPool(x(), { ksize: [1, 0, 2, 1], strides: 1, padding: "SAME" })],
    [
      "Shape must be rank 4 but is rank 2",
      () => tf.avgPool(tf.ones([2, 2]), { ksize: 1, strides: 1, padding: "SAME" }),
    ],
    [
      "strides > 1 not supported in conjunction with dilation_rate > 1",
      () => tf.convolution(x(), tf.ones([1, 1, 2, 1]), { strides: [2, 2], dilationRate: [2, 2] }),
    ],
    [
      "Both 'mean' and 'variance' must be None if is_training is True.",
      () => tf.fusedBatchNorm(x(), [1, 1], [0, 0], { mean: [0, 0] }),
    ],
  ])("%s", (sentence, make) => {
    expect(() => build(make)).toThrow(sentence);
  });

  it("gradients that are not of the output's shape", async () => {
    await expect(
      valuesOf(
        (dy, w) => tf.conv2dBackpropInput([1, 5, 5, 2], w!, dy!, { strides: 2, padding: "SAME" }),
        [1, 2, 3, 3],
        [3, 3, 2, 3],
      ),
    ).rejects.toThrow(
      "Conv2DBackpropInput: Size of out_backprop doesn't match computed: actual = 2, computed = 3 spatial_dim: 1 input: 5 filter: 3 output: 2 stride: 2 dilation: 1",
    );
  });

  it("pools over images", async () => {
    await expect(
      valuesOf((x) => tf.maxPool(x!, { ksize: [2, 1, 1, 1], strides: 1, padding: "VALID" }), [2, 2, 2, 1]),
    ).rejects.toThrow("Pooling is not yet supported on the batch dimension.");
  });
});

describe("windows over nothing", () => {
  it("no images, or no windows", async () => {
    const made = await valuesOf(
      (x, w) => {
        const y = tf.conv2d(x!, w!, { strides: 1, padding: "SAME" });
        const p = tf.maxPool(x!, { ksize: 2, strides: 2, padding: "VALID" });
        return [y, ...tf.gradients(y, [x!, w!]), p, ...tf.gradients(p, [x!])] as Tensor[];
      },
      [0, 4, 4, 2],
      [3, 3, 2, 1],
    );
    expect(made.map(({ shape }) => shape)).toEqual([
      [0, 4, 4, 1],
      [0, 4, 4, 2],
      [3, 3, 2, 1],
      [0, 2, 2, 2],
      [0, 4, 4, 2],
    ]);
    expect([...toNumbers(made[2]!)]).toEqual(new Array(18).fill(0));
  });
});
