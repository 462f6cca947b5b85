// Matrix products: GFLOP/s by size and transpose, with and without relaxed SIMD.
import { cpu } from "../src/index.ts";
import { time } from "./measure.mjs";

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
  const figures = [];
  for (const relaxedSimd of [true, false]) {
    const seconds = await time("dot", (b) => [product(m, n, k, ta, tb)(b)], cpu({ relaxedSimd }));
    figures.push(
      ((2 * m * n * k) / seconds / 1e9).toFixed(1).padStart(6),
      `${(seconds * 1e6).toFixed(1)} us`.padStart(12),
    );
  }
  const name = `${m} x ${n} x ${k} ${ta ? "T" : "N"}${tb ? "T" : "N"}`;
  console.log(
    `${name.padEnd(24)} relaxed ${figures[0]} GFLOP/s ${figures[1]}   plain ${figures[2]} GFLOP/s ${figures[3]}`,
  );
}
const layer = (b) => {
  const sum = product(100, 128, 784, false, false)(b);
  const bias = b.broadcastTo(b.parameter("float32", [128]), sum.dims);
  return [b.binary("maximum", b.binary("add", sum, bias), b.broadcastTo(b.scalar("float32", 0), sum.dims))];
};
const seconds = await time("dot", layer);
console.log(
  `dense layer 100 x 784 -> 128 with bias and relu: ${((2 * 100 * 128 * 784) / seconds / 1e9).toFixed(1)} GFLOP/s`,
);
