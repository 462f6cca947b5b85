// Numeric checks of gradients of element-wise functions, reductions, products, and others of all kinds.
import type { Tensor } from "@org/graph";
import * as tf from "../../src/index.ts";
import type { NumericCheck } from "../numeric-gradient.ts";
import { ids, moving, type Row } from "./moving.ts";
import { inGraphOf } from "./old-graph.ts";

const { add, sub, mul, truediv, neg, pow, mod } = tf.operator;

const m = [2, 3];
const positive = [0.2, 2] as const;

const unary: readonly (readonly [string, (x: Tensor) => Tensor, (readonly [number, number])?])[] = [
  ["abs", tf.abs],
  ["negative", tf.negative],
  ["square", tf.square],
  ["sqrt", tf.sqrt, positive],
  ["rsqrt", tf.rsqrt, positive],
  ["reciprocal", tf.reciprocal],
  ["exp", tf.exp],
  ["expm1", tf.expm1],
  ["log", tf.log, positive],
  ["log1p", tf.log1p, positive],
  ["sigmoid", tf.sigmoid],
  ["tanh", tf.tanh],
  ["sin", tf.sin],
  ["cos", tf.cos],
  ["tan", tf.tan, [-1, 1]],
  ["asin", tf.asin, [-0.9, 0.9]],
  ["acos", tf.acos, [-0.9, 0.9]],
  ["atan", tf.atan],
  ["sinh", tf.sinh],
  ["cosh", tf.cosh],
  ["asinh", tf.asinh],
  ["acosh", tf.acosh, [1.2, 3]],
  ["atanh", tf.atanh, [-0.9, 0.9]],
  ["erf", tf.erf],
  ["erfc", tf.erfc],
  ["lgamma", tf.lgamma, positive],
  ["relu", tf.relu],
  ["relu6", (x) => tf.relu6(mul(x, 5))],
  ["leakyRelu", (x) => tf.leakyRelu(x, { alpha: 0.3 })],
  ["crelu", tf.crelu],
  ["elu", tf.elu],
  ["selu", tf.selu],
  ["softplus", tf.softplus],
  ["softsign", tf.softsign],
  ["logSigmoid", tf.logSigmoid],
  ["sign", (x) => mul(tf.sign(x), x)],
  ["identity", tf.identity],
  ["preserving casts", (x) => tf.cast(tf.cast(x, "float64"), "float64")],
];

const second: readonly (readonly [string, (x: Tensor) => Tensor, (readonly [number, number])?])[] = [
  ["sigmoid", tf.sigmoid],
  ["tanh", tf.tanh],
  ["sqrt", tf.sqrt, positive],
  ["rsqrt", tf.rsqrt, positive],
  ["reciprocal", tf.reciprocal],
  ["elu", tf.elu],
  ["selu", tf.selu],
  ["softplus", tf.softplus],
  ["relu", (x) => tf.relu(tf.square(x))],
  ["relu6", (x) => tf.relu6(tf.square(x))],
  ["leakyRelu", (x) => tf.leakyRelu(tf.square(x))],
  ["softmax", (x) => tf.softmax(x)],
];

/** d f / d x as a function, for second derivatives. */
function derivative(f: (x: Tensor) => Tensor): (x: Tensor) => Tensor {
  return (x) => tf.gradients(mul(f(x), 1.5), [x])[0] as Tensor;
}

const binary: readonly (readonly [string, NumericCheck["f"], (readonly [number, number])?])[] = [
  ["add", (x, y) => tf.add(x!, y!)],
  ["addV2", (x, y) => add(x!, y!)],
  ["sub", (x, y) => sub(x!, y!)],
  ["mul", (x, y) => mul(x!, y!)],
  ["truediv", (x, y) => truediv(x!, y!)],
  ["Div", (x, y) => tf.applyOne("Div", [x!, y!])],
  ["divNoNan", (x, y) => tf.divNoNan(x!, y!)],
  ["mulNoNan", (x, y) => tf.applyOne("MulNoNan", [x!, y!])],
  ["mod", (x, y) => mod(mul(x!, 3), y!)],
  ["pow", (x, y) => pow(x!, y!), positive],
  ["maximum", (x, y) => tf.maximum(x!, y!)],
  ["minimum", (x, y) => tf.minimum(x!, y!)],
  ["squaredDifference", (x, y) => tf.squaredDifference(x!, y!)],
  ["atan2", (x, y) => tf.atan2(x!, tf.add(y!, tf.zerosLike(x!)))],
  ["xdivy", (x, y) => tf.xdivy(x!, y!), positive],
  ["xlogy", (x, y) => tf.xlogy(x!, y!), positive],
  ["whereV2", (x, y) => tf.whereV2(tf.greater(x!, 0), x!, y!)],
];

const others: readonly Row[] = [
  ...moving,
  ["reduceSum", (x) => tf.reduceSum(x!, [0, 2]), [[2, 3, 2]]],
  ["reduceSum keepdims", (x) => tf.reduceSum(x!, -1, { keepdims: true }), [[2, 3]]],
  ["reduceMean", (x) => tf.reduceMean(x!, 1), [[2, 3]]],
  ["reduceMean all", (x) => tf.reduceMean(x!), [[2, 3]]],
  ["reduceProd", (x) => tf.reduceProd(x!, 0), [[2, 3]]],
  ["reduceMax", (x) => tf.reduceMax(x!, 1), [[2, 3]]],
  ["reduceMin", (x) => tf.reduceMin(x!), [[2, 3]]],
  ["reduceLogsumexp", (x) => tf.reduceLogsumexp(x!, 1), [[2, 3]]],
  ["reduceVariance", (x) => tf.reduceVariance(x!, 1), [[2, 3]]],
  ["cumsum", (x) => tf.cumsum(x!, 1, { exclusive: true }), [[2, 3]]],
  ["cumsum reverse", (x) => tf.cumsum(x!, 0, { reverse: true }), [[3, 2]]],
  ["cumprod", (x) => tf.cumprod(x!, 1), [[2, 3]]],
  ["addN", (x, y) => tf.addN([x!, y!, x!]), [m, m]],
  ["accumulateN", (x, y) => tf.accumulateN([x!, y!]), [m, m]],
  ["l2Loss", (x) => tf.l2Loss(x!), [m]],
  ["select rows", (x, y) => tf.where(tf.constant([true, false]), x!, y!), [m, m]],
  [
    "matmul",
    (x, y) => tf.matmul(x!, y!),
    [
      [2, 3],
      [3, 2],
    ],
  ],
  [
    "matmul transposeA",
    (x, y) => tf.matmul(x!, y!, { transposeA: true }),
    [
      [3, 2],
      [3, 2],
    ],
  ],
  [
    "matmul transposeB",
    (x, y) => tf.matmul(x!, y!, { transposeB: true }),
    [
      [2, 3],
      [2, 3],
    ],
  ],
  [
    "matmul both",
    (x, y) => tf.matmul(x!, y!, { transposeA: true, transposeB: true }),
    [
      [3, 2],
      [2, 3],
    ],
  ],
  [
    "batch matmul",
    (x, y) => tf.matmul(x!, y!),
    [
      [2, 1, 2, 3],
      [2, 3, 2],
    ],
  ],
  [
    "batch matmul adjoint",
    (x, y) => tf.matmul(x!, y!, { adjointA: true, adjointB: true }),
    [
      [2, 3, 2],
      [2, 2, 3],
    ],
  ],
  [
    "BatchMatMul",
    (x, y) => tf.applyOne("BatchMatMul", [x!, y!]),
    [
      [2, 2, 3],
      [2, 3, 2],
    ],
  ],
  ["softmax", (x) => tf.softmax(x!), [m]],
  ["softmax axis 0", (x) => tf.softmax(x!, 0), [m]],
  ["logSoftmax", (x) => tf.logSoftmax(x!), [m]],
  ["biasAdd", (x, b) => tf.biasAdd(x!, b!), [[2, 2, 3], [3]]],
  ["BiasAddV1", (x, b) => tf.applyOne("BiasAddV1", [x!, b!]), [[2, 3], [3]]],
  [
    "softmaxCrossEntropyV2",
    (x, y) => tf.softmaxCrossEntropyWithLogitsV2({ logits: x!, labels: tf.softmax(y!) }),
    [m, m],
  ],
  [
    "softmaxCrossEntropy",
    (x) =>
      tf.softmaxCrossEntropyWithLogits({
        logits: x!,
        labels: tf.constant(
          [
            [0, 1, 0],
            [0.5, 0, 0.5],
          ],
          "float64",
        ),
      }),
    [m],
  ],
  [
    "sparseSoftmaxCrossEntropy",
    (x) => tf.sparseSoftmaxCrossEntropyWithLogits({ logits: x!, labels: ids(2, 0) }),
    [m],
  ],
  ["sigmoidCrossEntropy", (x, y) => tf.sigmoidCrossEntropyWithLogits({ logits: x!, labels: y! }), [m, m]],
  ["topK", (x) => tf.topK(x!, 2).values, [[2, 4]]],
  [
    "moments",
    (x) => {
      const { mean, variance } = tf.moments(x!, [0]);
      return [mean, variance];
    },
    [[3, 2]],
  ],
  ["l2Normalize", (x) => tf.l2Normalize(x!, 1), [m]],
  ["checkNumerics", (x) => tf.checkNumerics(x!, "bad"), [m]],
  ["ensureShape", (x) => tf.ensureShape(x!, [null, 3]), [m]],
  ["placeholderWithDefault", (x) => tf.placeholderWithDefault(x!, [2, 3]), [m]],
  ["diag", (x) => tf.diag(x!), [[2, 2]]],
  ["diagPart", (x) => tf.diagPart(x!), [[2, 2, 2, 2]]],
  ["matrixDiag", (x) => tf.matrixDiag(x!), [m]],
  ["matrixDiagPart", (x) => tf.matrixDiagPart(x!), [[2, 2, 3]]],
  ["matrixDiagPart square", (x) => tf.matrixDiagPart(x!), [[3, 3]]],
  [
    "matrixSetDiag",
    (x, y) => tf.matrixSetDiag(x!, y!),
    [
      [2, 3, 2],
      [2, 2],
    ],
  ],
  ["matrixBandPart", (x) => tf.matrixBandPart(x!, 1, 0), [[3, 4]]],
  ["spaceToDepth", (x) => tf.spaceToDepth(x!, 2), [[1, 2, 4, 2]]],
  ["depthToSpace NCHW", (x) => tf.depthToSpace(x!, 2, { dataFormat: "NCHW" }), [[1, 4, 2, 1]]],
  ["spaceToBatchNd", (x) => tf.spaceToBatchNd(x!, [2], [[1, 0]]), [[2, 3, 2]]],
  ["batchToSpaceNd", (x) => tf.batchToSpaceNd(x!, [2], [[1, 0]]), [[4, 3, 2]]],
  ["roll", (x) => tf.roll(x!, [1, -2], [0, 1]), [[3, 4]]],
  ["reverseSequence", (x) => tf.reverseSequence(x!, ids(2, 0, 3), { seqAxis: 1 }), [[3, 4]]],
  ["identityN", (x, y) => tf.identityN([x!, neg(y!)]), [m, m]],
  ["Concat", (x, y) => tf.applyOne("Concat", [1, [x!, y!]]), [[2, 1], m]],
  ["Inv", (x) => tf.applyOne("Inv", [x!]), [m]],
  ["InvGrad", (y, dy) => tf.applyOne("InvGrad", [y!, dy!]), [m, m]],
  ["SoftplusGrad", (dy, x) => tf.applyOne("SoftplusGrad", [dy!, x!]), [m, m]],
  ["Snapshot", (x) => tf.applyOne("Snapshot", [tf.square(x!)]), [m]],
  ["DebugGradientIdentity", (x) => tf.applyOne("DebugGradientIdentity", [tf.square(x!)]), [m]],
  ["Print", (x) => tf.Print(tf.square(x!), [x!], { firstN: 0 }), [m]],
  ["TopK", inGraphOf(6, (x) => tf.applyOp("TopK", [x!], { attrs: { k: 2 } }).outputs[0]!), [[2, 4]]],
  ...["REFLECT", "SYMMETRIC"].map(
    (mode) =>
      [
        `MirrorPadGrad ${mode}`,
        (dy: Tensor) =>
          tf.applyOne(
            "MirrorPadGrad",
            [
              dy,
              [
                [1, 0],
                [2, 1],
              ],
            ],
            { attrs: { mode } },
          ),
        [[3, 6]],
      ] as const,
  ),
  [
    "StridedSliceGrad",
    (dy) => tf.applyOne("StridedSliceGrad", [[4, 5], [1, 4], [3, 0], [1, -2], dy!]),
    [[2, 2]],
  ],
  ["BiasAddGrad", (x, b) => tf.gradients(tf.square(tf.biasAdd(x!, b!)), [x!, b!]) as Tensor[], [m, [3]]],
];

const rangeOf = (range: NumericCheck["range"]): Pick<NumericCheck, "range"> => (range ? { range } : {});

/** By kind; those that are dynamic look at forms of gradients that unknown shapes need. */
export const kinds: Readonly<Record<string, readonly NumericCheck[]>> = {
  "unary functions": unary.map(([name, f, range]) => ({
    name,
    f: (x) => f(x!),
    shapes: [m],
    ...rangeOf(range),
  })),
  "second derivatives": second.map(([name, f, range]) => ({
    name,
    f: (x) => derivative(f)(x!),
    shapes: [m],
    ...rangeOf(range),
  })),
  "binary functions": binary.flatMap(([name, f, range]) => {
    const both = [
      { name: `${name} of one shape`, f, shapes: [m, m], ...rangeOf(range) },
      { name: `${name} broadcast`, f, shapes: [m, [3]], ...rangeOf(range) },
    ];
    const [column, row] = [
      [2, 1],
      [1, 3],
    ];
    if (name === "atan2") return both;
    return [
      ...both,
      { name: `${name} broadcast the other way`, f, shapes: [row, column], ...rangeOf(range) },
    ];
  }),
  "other functions": others.map(([name, f, shapes, range]) => ({ name, f, shapes, ...rangeOf(range) })),
  "shapes that are not known": [
    ...binary.map(([name, f, range]) => ({
      name,
      f,
      shapes: [m, [1, 3]],
      dynamic: true,
      ...rangeOf(range),
    })),
    ...others.map(([name, f, shapes, range]) => ({ name, f, shapes, dynamic: true, ...rangeOf(range) })),
  ],
};

export const checks: readonly NumericCheck[] = Object.values(kinds).flat();
