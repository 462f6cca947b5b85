// One launch by one thread and by several, in turn: how much faster, by the clock. `node --conditions=@org/source packages/kernels-cpu/bench/threads.mjs [threads]`
// (Node 24), on a machine with as many processors that does nothing else.
import { HloBuilder, makeFusion } from "@org/hlo";
import { cpu } from "../src/index.ts";

const threads = Number(process.argv[2] ?? 2);
const matrix = (b, rows, columns) => b.parameter("float32", [rows, columns]);
const product = (m, n, k) => (b) => [b.matmul(matrix(b, m, k), matrix(b, k, n))];
const window = {
  size: [3, 3],
  strides: [1, 1],
  padding: [
    [1, 1],
    [1, 1],
  ],
  dilation: [1, 1],
  baseDilation: [1, 1],
};
const cases = [
  ["GEMM 512^3", "dot", product(512, 512, 512)],
  ["GEMM 100 x 128 x 784", "dot", product(100, 128, 784)],
  [
    "convolution, 32 images of 28 x 28 x 32, 3 x 3 to 64",
    "single",
    (b) => [
      b.convolution(b.parameter("float32", [32, 28, 28, 32]), b.parameter("float32", [3, 3, 32, 64]), {
        window,
        featureGroupCount: 1,
      }),
    ],
  ],
  ["exp(tanh(x)), 1M", "loop", (b) => [b.unary("exp", b.unary("tanh", b.parameter("float32", [1 << 20])))]],
  [
    "x * y + z, 1M",
    "loop",
    (b) => {
      const [x, y, z] = [0, 1, 2].map(() => b.parameter("float32", [1 << 20]));
      return [b.binary("add", b.binary("multiply", x, y), z)];
    },
  ],
  [
    "softmax of rows, 1024 x 1024",
    "rows",
    (b) => {
      const x = matrix(b, 1024, 1024);
      const stretched = (each) => b.broadcast(each, x.dims, [0]);
      const exp = b.unary("exp", b.binary("subtract", x, stretched(b.reduce(x, "maximum", [1]))));
      return [b.binary("divide", exp, stretched(b.reduce(exp, "add", [1])))];
    },
  ],
  ["sums of rows, 1000 x 1000", "reduce", (b) => [b.reduce(matrix(b, 1000, 1000), "add", [1])]],
  ["x + 1, 1,000 (too small to be cut)", "loop", (b) => [b.unary("negate", b.parameter("float32", [1000]))]],
];

const backends = [cpu(), cpu({ threads })];
await backends[1].ready;
console.log(`Node ${process.version}, ${backends[1].threads} threads`);
const bytes = ({ dims }) => dims.reduce((product, dim) => product * dim, 4);
for (const [name, kind, make] of cases) {
  const b = new HloBuilder("bench");
  const computation = b.build(make(b));
  const fusion = makeFusion(kind, computation);
  const runs = [];
  for (const backend of backends) {
    const executable = await backend.prepare(fusion, [-1]);
    if ("refused" in executable) throw new Error(executable.refused);
    const inputs = computation.parameters.map((parameter) =>
      backend.upload(Float32Array.from({ length: bytes(parameter) / 4 }, () => Math.random())),
    );
    const outputs = computation.roots.map((root) => backend.allocate(bytes(root)));
    runs.push(() => backend.launch(executable, inputs, outputs, 0));
  }
  const best = runs.map(() => Number.POSITIVE_INFINITY);
  for (let round = 0; round < 20; round++)
    for (const [i, run] of runs.entries()) {
      let launches = 0;
      const start = performance.now();
      while (performance.now() - start < 30) {
        run();
        launches++;
      }
      best[i] = Math.min(best[i], (performance.now() - start) / launches);
    }
  const [alone, together] = best.map((ms) => `${(ms * 1000).toFixed(1)} us`);
  console.log(`${name}: ${alone} alone, ${together} together, ${(best[0] / best[1]).toFixed(2)}x`);
}
await backends[1].close();
