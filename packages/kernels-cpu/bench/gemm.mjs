// Matrix products: GFLOP/s by size and transpose, with and without relaxed SIMD, and which part that is of multiply-adds
// alone (ceiling.mjs), measured in turn with them. Words after the command choose sizes ("512 x").
import { cpu } from "../src/index.ts";
import { ceiling } from "./ceiling.mjs";
import { percentages, time } from "./measure.mjs";

const sizes = [
  [512, 512, 512],
  [256, 256, 256],
  [1024, 1024, 1024],
  [100, 128, 784],
  [784, 128, 100, true],
  [100, 784, 128, false, true],
  [100, 10, 128],
  [128, 10, 100, true],
  [1, 128, 784],
  [1, 784, 128, false, true],
  [1000, 1, 1000],
  [16, 16, 16],
  [4, 4, 4],
];

const wanted = process.argv.slice(2);
const product = (m, n, k, ta, tb) => (b) => {
  const x = b.parameter("float32", ta ? [k, m] : [m, k]);
  const y = b.parameter("float32", tb ? [n, k] : [k, n]);
  const attributes = {
    lhsBatch: [],
    rhsBatch: [],
    lhsContracting: [ta ? 0 : 1],
    rhsContracting: [tb ? 1 : 0],
  };
  return b.dot(x, y, attributes);
};

console.log(`Node ${process.version}`);
for (const [m, n, k, ta = false, tb = false] of sizes) {
  const name = `${m} x ${n} x ${k} ${ta ? "T" : "N"}${tb ? "T" : "N"}`;
  if (wanted.length > 0 && !wanted.some((word) => name.includes(word))) continue;
  const figures = [];
  for (const relaxedSimd of [true, false]) {
    const { seconds, parts } = await time("dot", (b) => [product(m, n, k, ta, tb)(b)], {
      backend: cpu({ relaxedSimd }),
      ceiling: ceiling(relaxedSimd),
      speed: (each) => (2 * m * n * k) / each / 1e9,
    });
    const speed = (2 * m * n * k) / seconds / 1e9;
    figures.push(
      `${relaxedSimd ? "relaxed" : "plain"} ${speed.toFixed(1).padStart(5)} GFLOP/s, ${percentages(parts).padEnd(31)} ${(seconds * 1e6).toFixed(1).padStart(8)} us`,
    );
  }
  console.log(`${name.padEnd(24)} ${figures.join("   ")}`);
}
const layer = (b) => {
  const sum = product(100, 128, 784, false, false)(b);
  const bias = b.broadcastTo(b.parameter("float32", [128]), sum.dims);
  return [b.binary("maximum", b.binary("add", sum, bias), b.broadcastTo(b.scalar("float32", 0), sum.dims))];
};
const { seconds } = await time("dot", layer);
console.log(
  `dense layer 100 x 784 -> 128 with bias and relu: ${((2 * 100 * 128 * 784) / seconds / 1e9).toFixed(1)} GFLOP/s`,
);
