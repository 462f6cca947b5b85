// Runs single fusions on cpu() and times their launches. Node 24 or later reads the TypeScript sources as they are:
//   node --conditions=@org/source packages/kernels-cpu/bench/gemm.mjs
import { HloBuilder, makeFusion } from "@org/hlo";
import { cpu } from "../src/index.ts";

/** Milliseconds that this thread has had of a processor, to a millisecond or two: what others do on it is not counted. */
export const now = () => {
  const { user, system } = process.threadCpuUsage();
  return (user + system) / 1000;
};

/** Lets the engine's optimiser finish in the background. */
const rest = () => new Promise((resolve) => setTimeout(resolve, 60));

/** Best time of one launch, in seconds. `between` is called before each round: what the figure is compared with. */
export async function time(kind, make, backend = cpu(), between = () => {}) {
  const b = new HloBuilder("bench");
  const computation = b.build(make(b));
  const key = JSON.stringify(computation.instructions.map(({ opcode, dtype }) => [opcode, dtype]));
  const executable = await backend.prepare(
    makeFusion ? makeFusion(kind, computation) : { kind, computation, key },
    computation.roots.map(() => -1),
  );
  if ("refused" in executable) throw new Error(executable.refused);
  const bytes = ({ dtype, dims }) =>
    dims.reduce(
      (product, dim) => product * dim,
      { float32: 4, int32: 4, uint32: 4, float64: 8, int64: 8, bool: 1 }[dtype],
    );
  const inputs = computation.parameters.map((parameter) => {
    const count = bytes(parameter) / 4;
    const data =
      parameter.dtype === "float32"
        ? Float32Array.from({ length: count }, () => Math.random() - 0.5)
        : Int32Array.from({ length: count }, (_, i) => i % 64);
    return backend.upload(data);
  });
  const outputs = computation.roots.map((root) => backend.allocate(bytes(root)));
  const run = () => backend.launch(executable, inputs, outputs, 0);
  const started = now();
  while (now() - started < 100) run();
  await rest();
  let best = Number.POSITIVE_INFINITY;
  for (let round = 0; round < 12; round++) {
    between();
    let launches = 0;
    const start = now();
    do {
      run();
      launches++;
    } while (now() - start < 50);
    best = Math.min(best, (now() - start) / launches);
  }
  for (const buffer of [...inputs, ...outputs]) backend.release(buffer);
  return best / 1000;
}

/** Best of several copies of that many bytes within WebAssembly memory: what memory speed is here. */
export function copySpeed(bytes) {
  const memory = new Uint8Array(bytes * 2);
  let best = 0;
  for (let round = 0; round < 12; round++) {
    const repeats = Math.max(1, Math.floor(4e8 / bytes));
    const start = now();
    for (let i = 0; i < repeats; i++) memory.copyWithin(bytes, 0, bytes);
    best = Math.max(best, (2 * bytes * repeats) / (now() - start) / 1e6);
  }
  return best;
}
