// Runs single fusions on cpu() and times their launches. Node 24 or later reads the TypeScript sources as they are:
//   node --conditions=@org/source packages/kernels-cpu/bench/gemm.mjs
import { HloBuilder, makeFusion } from "@org/hlo";
import { cpu } from "../src/index.ts";

/**
 * Milliseconds of the wall. (A thread's processor time would leave out what others do, but many kernels count it in ticks of 4 ms, which
 * is a tenth of a round.) Rounds are short and many: the best of them is one that nobody disturbed.
 */
export const now = () => performance.now();

const rounds = 40;
const roundMs = 12;

/** Lets the engine's optimiser finish in the background. */
const rest = () => new Promise((resolve) => setTimeout(resolve, 60));

/** Prepares one fusion with inputs of random numbers; `run` launches it. */
async function launching(kind, make, backend) {
  const b = new HloBuilder("bench");
  const computation = b.build(make(b));
  const executable = await backend.prepare(
    makeFusion(kind, computation),
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
  return {
    run: () => backend.launch(executable, inputs, outputs, 0),
    close() {
      for (const buffer of [...inputs, ...outputs]) backend.release(buffer);
    },
  };
}

/**
 * Best time of one launch, in seconds. With `ceiling`, a function that measures what the machine can do at this moment, it is called right
 * before and right after each round: `parts` are then, round by round in ascending order, what `speed(seconds)` was of the mean of both.
 */
export async function time(kind, make, { backend = cpu(), ceiling, speed } = {}) {
  const { run, close } = await launching(kind, make, backend);
  const started = now();
  while (now() - started < 100) run();
  await rest();
  let best = Number.POSITIVE_INFINITY;
  const parts = [];
  for (let round = 0; round < rounds; round++) {
    const before = ceiling?.();
    let launches = 0;
    const start = now();
    do {
      run();
      launches++;
    } while (now() - start < roundMs);
    const seconds = (now() - start) / launches / 1000;
    best = Math.min(best, seconds);
    if (ceiling) parts.push(speed(seconds) / ((before + ceiling()) / 2));
  }
  close();
  return { seconds: best, parts: parts.toSorted((a, b) => a - b) };
}

/** "87% of the ceiling (84 to 93)": the median of the rounds, and their quartiles. Single rounds, also the best, are the machine's moods. */
export function percentages(parts) {
  const percent = (at) => (parts[Math.floor(parts.length * at)] * 100).toFixed(0);
  return `${percent(0.5)}% of the ceiling (${percent(0.25)} to ${percent(0.75)})`;
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
