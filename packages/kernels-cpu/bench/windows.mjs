// Convolutions with both gradients, as a net of two such layers has them, and pools: GFLOP/s, which part that is of
// multiply-adds alone (ceiling.mjs), and GB/s of pools. Words after the command choose cases.
import { HloBuilder } from "@org/hlo";
import { ceiling } from "./ceiling.mjs";
import { percentages, time } from "./measure.mjs";

const f32 = "float32";
const ones = (n) => new Array(n).fill(1);
const window = (size, padding, more = {}) => ({
  size,
  padding,
  strides: ones(size.length),
  dilation: ones(size.length),
  baseDilation: ones(size.length),
  ...more,
});
const same = (size) => size.map((extent) => [(extent - 1) >> 1, extent >> 1]);

/** [x, filter, window, groups]; operations follow from the result. */
const convolutions = {
  "5x5, 1 -> 32 of 28x28, batch 32": [[32, 28, 28, 1], [5, 5, 1, 32], window([5, 5], same([5, 5]))],
  "its filter's gradient": [[1, 28, 28, 32], [28, 28, 32, 32], window([28, 28], same([5, 5]))],
  "5x5, 32 -> 64 of 14x14, batch 32": [[32, 14, 14, 32], [5, 5, 32, 64], window([5, 5], same([5, 5]))],
  "its input's gradient": [[32, 14, 14, 64], [5, 5, 64, 32], window([5, 5], same([5, 5]))],
  "its filter's gradient ": [[32, 14, 14, 32], [14, 14, 32, 64], window([14, 14], same([5, 5]))],
  "3x3, 64 -> 64 of 56x56": [[1, 56, 56, 64], [3, 3, 64, 64], window([3, 3], same([3, 3]))],
  "3x3, strides 2, 64 -> 128 of 56x56": [
    [1, 56, 56, 64],
    [3, 3, 64, 128],
    window(
      [3, 3],
      [
        [0, 1],
        [0, 1],
      ],
      { strides: [2, 2] },
    ),
  ],
  "its input's gradient ": [
    [1, 28, 28, 128],
    [3, 3, 128, 64],
    window(
      [3, 3],
      [
        [2, 1],
        [2, 1],
      ],
      { baseDilation: [2, 2] },
    ),
  ],
  "1x1, 256 -> 64 of 56x56": [
    [1, 56, 56, 256],
    [1, 1, 256, 64],
    window(
      [1, 1],
      [
        [0, 0],
        [0, 0],
      ],
    ),
  ],
  "depthwise 3x3, 128 of 56x56": [[1, 56, 56, 128], [3, 3, 1, 128], window([3, 3], same([3, 3])), 128],
};
const pools = {
  "max 2x2, 32 of 28x28, batch 32": [[32, 28, 28, 32], "maximum", [1, 2, 2, 1], [1, 2, 2, 1]],
  "max 3x3, strides 2, 64 of 56x56": [[1, 56, 56, 64], "maximum", [1, 3, 3, 1], [1, 2, 2, 1]],
  "sum 3x3, 64 of 56x56": [[1, 56, 56, 64], "add", [1, 3, 3, 1], [1, 1, 1, 1]],
};

const product = (list) => list.reduce((a, b) => a * b, 1);
const wanted = process.argv.slice(2);
const chosen = (cases) =>
  Object.entries(cases).filter(([name]) => wanted.length === 0 || wanted.some((word) => name.includes(word)));
console.log(`Node ${process.version}`);
for (const [name, [x, filter, own, groups = 1]] of chosen(convolutions)) {
  const outputs = (b) =>
    b.convolution(b.parameter(f32, x), b.parameter(f32, filter), { window: own, featureGroupCount: groups });
  const { dims } = outputs(new HloBuilder("extents"));
  // Multiplications by the zeros of a stretched base are none.
  const operations = (2 * product(dims) * product(filter.slice(0, -1))) / product(own.baseDilation);
  const speed = (seconds) => operations / seconds / 1e9;
  const { seconds, parts } = await time("single", (b) => [outputs(b)], { ceiling: ceiling(true), speed });
  console.log(
    `${name.padEnd(40)} ${speed(seconds).toFixed(1).padStart(6)} GFLOP/s, ${percentages(parts).padEnd(31)} ${(seconds * 1e6).toFixed(0).padStart(7)} us`,
  );
}
for (const [name, [x, reducer, size, strides]] of chosen(pools)) {
  let outputs = 0;
  const make = (b) => {
    const result = b.reduceWindow(b.parameter(f32, x), reducer, {
      ...window(
        size,
        size.map(() => [0, 0]),
      ),
      strides,
    });
    outputs = product(result.dims);
    return [result];
  };
  const { seconds } = await time("single", make);
  const speed = ((product(x) + outputs) * 4) / seconds / 1e9;
  console.log(
    `${name.padEnd(40)} ${speed.toFixed(1).padStart(6)} GB/s  ${(seconds * 1e6).toFixed(0).padStart(7)} us`,
  );
}
