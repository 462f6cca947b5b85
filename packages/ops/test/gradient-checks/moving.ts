// Numeric checks of gradients of what moves elements about: shapes, joins, cuts, gathers, scatters, segments.
import type { Tensor } from "@org/graph";
import * as tf from "../../src/index.ts";
import type { NumericCheck } from "../numeric-gradient.ts";

/** A check by name, function, shapes and range. */
export type Row = readonly [
  string,
  NumericCheck["f"],
  readonly (readonly number[])[],
  (readonly [number, number])?,
];

export const ids = (...values: number[]): Tensor => tf.constant(Int32Array.from(values));

const m = [2, 3];

export const moving: readonly Row[] = [
  ["reshape", (x) => tf.reshape(x!, [3, -1]), [m]],
  ["expandDims", (x) => tf.expandDims(x!, 1), [m]],
  ["squeeze", (x) => tf.squeeze(x!), [[2, 1, 3]]],
  ["transpose", (x) => tf.transpose(x!, [2, 0, 1]), [[2, 3, 2]]],
  ["reverse", (x) => tf.reverse(x!, [1]), [m]],
  ["tile", (x) => tf.tile(x!, [2, 3]), [m]],
  ["broadcastTo", (x) => tf.broadcastTo(x!, [2, 2, 3]), [[2, 1]], undefined],
  ["fill", (x) => tf.fill([2, 3], x!), [[]]],
  [
    "concat",
    (x, y) => tf.concat([x!, y!, x!], 1),
    [
      [2, 1],
      [2, 3],
    ],
  ],
  [
    "concat negative axis",
    (x, y) => tf.concat([x!, y!], -2),
    [
      [1, 2],
      [3, 2],
    ],
  ],
  ["concat of many", (x) => tf.concat(new Array<Tensor>(18).fill(x!), 0), [[2, 2]]],
  ["stack", (x, y) => tf.stack([x!, y!], 1), [m, m]],
  ["unstack", (x) => tf.unstack(x!, 3, 1), [m]],
  ["split", (x) => tf.split(x!, 3, 1), [m]],
  ["splitV", (x) => tf.split(x!, [1, 2], 1), [m]],
  ["slice", (x) => tf.slice(x!, [0, 1], [-1, 2]), [m]],
  ["getItem", (x) => tf.getItem(x!, [1, { step: -2 }]), [[2, 5]]],
  ["getItem newaxis", (x) => tf.getItem(x!, ["...", null, { start: 1 }]), [m]],
  [
    "pad",
    (x) =>
      tf.pad(
        x!,
        [
          [1, 0],
          [0, 2],
        ],
        { constantValues: 3 },
      ),
    [m],
  ],
  [
    "pad reflect",
    (x) =>
      tf.pad(
        x!,
        [
          [1, 1],
          [2, 1],
        ],
        { mode: "REFLECT" },
      ),
    [[2, 3]],
  ],
  [
    "pad symmetric",
    (x) =>
      tf.pad(
        x!,
        [
          [1, 1],
          [2, 1],
        ],
        { mode: "SYMMETRIC" },
      ),
    [[2, 3]],
  ],
  ["gather", (x) => tf.gather(x!, ids(2, 0, 2)), [[3, 2]]],
  ["gather axis 1", (x) => tf.gather(x!, ids(2, 0, 2), { axis: 1 }), [m]],
  [
    "gather batch",
    (x) =>
      tf.gather(
        x!,
        tf.constant(
          [
            [2, 0],
            [1, 1],
          ],
          "int32",
        ),
        { axis: 1, batchDims: 1 },
      ),
    [[2, 3, 2]],
  ],
  ["Gather", (x) => tf.applyOne("Gather", [x!, ids(1, 1)]), [[2, 2]]],
  [
    "gatherNd",
    (x) =>
      tf.gatherNd(x!, [
        [0, 1],
        [1, 2],
      ]),
    [m],
  ],
  ["gatherNd rows", (x) => tf.gatherNd(x!, [[1], [1]]), [m]],
  ["scatterNd", (x) => tf.scatterNd([[1], [3]], x!, [5, 3]), [m]],
  [
    "dynamicStitch",
    (x, y) => tf.dynamicStitch([ids(0, 2), ids(1)], [x!, y!]),
    [
      [2, 2],
      [1, 2],
    ],
  ],
  [
    "sparseToDense",
    (x, y) =>
      tf.sparseToDense(
        [
          [0, 1],
          [1, 0],
        ],
        [2, 2],
        x!,
        y!,
      ),
    [[2], []],
  ],
  ["unsortedSegmentSum", (x) => tf.unsortedSegmentSum(x!, ids(1, -1, 1), 2), [[3, 2]]],
  ["unsortedSegmentMax", (x) => tf.unsortedSegmentMax(x!, ids(1, 0, 1), 2), [[3, 2]]],
  ["unsortedSegmentMin", (x) => tf.unsortedSegmentMin(x!, ids(1, 0, 1), 2), [[3, 2]]],
  ["unsortedSegmentProd", (x) => tf.unsortedSegmentProd(x!, ids(1, 0, 1), 2), [[3, 2]]],
  ["segmentSum", (x) => tf.segmentSum(x!, ids(0, 0, 1)), [[3, 2]]],
  ["segmentMean", (x) => tf.segmentMean(x!, ids(0, 0, 1)), [[3, 2]]],
  ["segmentMax", (x) => tf.segmentMax(x!, ids(0, 0, 1)), [[3, 2]]],
  ["segmentMin", (x) => tf.segmentMin(x!, ids(0, 0, 1)), [[3, 2]]],
];
