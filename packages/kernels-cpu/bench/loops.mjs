// Loops and reductions: GB/s (bytes that must move) beside the speed of a plain copy of as many bytes, and the time
// that one launch takes where there is nothing to compute. Words after the command choose cases.
import { copySpeed, time } from "./measure.mjs";

const f32 = "float32";
const n = 1 << 20;
const softmax = (b, rows, columns) => {
  const x = b.parameter(f32, [rows, columns]);
  const over = (y, reducer) => b.broadcast(b.reduce(y, reducer, [1]), x.dims, [0]);
  const e = b.unary("exp", b.binary("subtract", x, over(x, "maximum")));
  return [b.binary("divide", e, over(e, "add"))];
};
const cases = {
  "add [1M]": ["loop", 3 * n, (b) => [b.binary("add", b.parameter(f32, [n]), b.parameter(f32, [n]))]],
  "add [16K]": [
    "loop",
    3 * 16384,
    (b) => [b.binary("add", b.parameter(f32, [16384]), b.parameter(f32, [16384]))],
  ],
  "x * y + z, relu [1M]": [
    "loop",
    4 * n,
    (b) => {
      const [x, y, z] = [0, 1, 2].map(() => b.parameter(f32, [n]));
      return [
        b.binary(
          "maximum",
          b.binary("add", b.binary("multiply", x, y), z),
          b.broadcastTo(b.scalar(f32, 0), [n]),
        ),
      ];
    },
  ],
  "bias [1024, 1024]": [
    "loop",
    2 * n,
    (b) => {
      const x = b.parameter(f32, [1024, 1024]);
      return [b.binary("add", x, b.broadcastTo(b.parameter(f32, [1024]), x.dims))];
    },
  ],
  "transpose [1024, 1024]": [
    "loop",
    2 * n,
    (b) => [b.unary("negate", b.transpose(b.parameter(f32, [1024, 1024]), [1, 0]))],
  ],
  "exp [1M]": ["loop", 2 * n, (b) => [b.unary("exp", b.parameter(f32, [n]))]],
  "tanh [1M]": ["loop", 2 * n, (b) => [b.unary("tanh", b.parameter(f32, [n]))]],
  "log(abs) [1M]": ["loop", 2 * n, (b) => [b.unary("log", b.unary("abs", b.parameter(f32, [n])))]],
  "five multiply-adds [1M]": [
    "loop",
    2 * n,
    (b) => {
      let x = b.parameter(f32, [n]);
      const by = (value) => b.broadcastTo(b.scalar(f32, value), [n]);
      for (let i = 0; i < 5; i++) x = b.binary("add", b.binary("multiply", x, by(0.5)), by(0.25));
      return [x];
    },
  ],
  "exp(tanh) [1M]": ["loop", 2 * n, (b) => [b.unary("exp", b.unary("tanh", b.parameter(f32, [n])))]],
  "power [1M]": [
    "loop",
    3 * n,
    (b) => [b.binary("power", b.unary("abs", b.parameter(f32, [n])), b.parameter(f32, [n]))],
  ],
  "Adam [10M]": [
    "loop",
    7 * 10 * n,
    (b) => {
      const [w, m, v, g] = [0, 1, 2, 3].map(() => b.parameter(f32, [10 * n]));
      const by = (value, x) => b.binary("multiply", b.broadcastTo(b.scalar(f32, value), x.dims), x);
      const m1 = b.binary("add", by(0.9, m), by(0.1, g));
      const v1 = b.binary("add", by(0.999, v), by(0.001, b.binary("multiply", g, g)));
      const root = b.binary(
        "add",
        b.unary("sqrt", b.unary("abs", v1)),
        b.broadcastTo(b.scalar(f32, 1e-8), w.dims),
      );
      return [b.binary("subtract", w, by(0.001, b.binary("divide", m1, root))), m1, v1];
    },
  ],
  "float64 x * y + x [1M]": [
    "loop",
    6 * n,
    (b) => {
      const [x, y] = [b.parameter("float64", [n]), b.parameter("float64", [n])];
      return [b.binary("add", b.binary("multiply", x, y), x)];
    },
  ],
  "float64 sum rows [1024, 1024]": [
    "reduce",
    2 * n,
    (b) => [b.reduce(b.parameter("float64", [1024, 1024]), "add", [1])],
  ],
  "int64 max columns [1024, 1024]": [
    "reduce",
    2 * n,
    (b) => [b.reduce(b.parameter("int64", [1024, 1024]), "maximum", [0])],
  ],
  "greater, select [1M]": [
    "loop",
    3 * n,
    (b) => {
      const [x, y] = [b.parameter(f32, [n]), b.parameter(f32, [n])];
      return [b.select(b.compare("GT", x, y), x, y)];
    },
  ],
  "sum rows [1024, 1024]": ["reduce", n, (b) => [b.reduce(b.parameter(f32, [1024, 1024]), "add", [1])]],
  "sum columns [1024, 1024]": ["reduce", n, (b) => [b.reduce(b.parameter(f32, [1024, 1024]), "add", [0])]],
  "sum all [1M]": ["reduce", n, (b) => [b.reduce(b.parameter(f32, [n]), "add", [0])]],
  "max rows [1024, 1024]": ["reduce", n, (b) => [b.reduce(b.parameter(f32, [1024, 1024]), "maximum", [1])]],
  "softmax [1024, 1024]": ["rows", 2 * n, (b) => softmax(b, 1024, 1024)],
  "softmax [100, 10]": ["rows", 2 * 1000, (b) => softmax(b, 100, 10)],
  "layer normalisation [1024, 1024]": [
    "rows",
    2 * n,
    (b) => {
      const x = b.parameter(f32, [1024, 1024]);
      const mean = (y) =>
        b.binary("multiply", b.reduce(y, "add", [1]), b.broadcastTo(b.scalar(f32, 1 / 1024), [1024]));
      const over = (row) => b.broadcast(row, x.dims, [0]);
      const centred = b.binary("subtract", x, over(mean(x)));
      return [
        b.binary("multiply", centred, over(b.unary("rsqrt", mean(b.binary("multiply", centred, centred))))),
      ];
    },
  ],
  "sum rows [100, 10]": ["reduce", 1000, (b) => [b.reduce(b.parameter(f32, [100, 10]), "add", [1])]],
  "sum columns [100, 128]": ["reduce", 12800, (b) => [b.reduce(b.parameter(f32, [100, 128]), "add", [0])]],
  "gather rows of 64 [64K]": [
    "single",
    2 * 65536 * 64,
    (b) => [b.gather(b.parameter(f32, [1000, 64]), b.parameter("int32", [65536]), 0)],
  ],
  "scatter-add rows of 64 [16K]": [
    "single",
    3 * 16384 * 64,
    (b) => [
      b.scatter(
        b.parameter(f32, [1000, 64]),
        b.parameter("int32", [16384]),
        b.parameter(f32, [16384, 64]),
        "add",
      ),
    ],
  ],
  "random bits [1M]": [
    "single",
    n,
    (b) => [b.rngBitGenerator(b.parameter("uint32", [2]), b.parameter("uint32", [4]), [n])],
  ],
};

const wanted = process.argv.slice(2);
console.log(`Node ${process.version}`);
for (const [name, [kind, elements, make]] of Object.entries(cases)) {
  if (wanted.length > 0 && !wanted.some((word) => name.includes(word))) continue;
  const { seconds } = await time(kind, make);
  const speed = (elements * 4) / seconds / 1e9;
  const copy = copySpeed(elements * 2);
  console.log(
    `${name.padEnd(44)} ${speed.toFixed(1).padStart(6)} GB/s  ${(speed / copy).toFixed(2)} of a copy's  ${(seconds * 1e6).toFixed(1)} us`,
  );
}
const { seconds: scalar } = await time("loop", (b) => [
  b.binary("add", b.parameter(f32, []), b.parameter(f32, [])),
]);
console.log(`scalar add: ${(scalar * 1e9).toFixed(0)} ns a launch`);
