// The most that one core does here: f32x4 multiply-adds on registers alone, as the product's inner loop has them
// (6 x 2 sums, or 4 x 2), relaxed (one instruction) and plain (two). gemm.mjs gives its figures as parts of it.
import { hasRelaxedSimd } from "../src/features.ts";
import { multiplyAdd, panelRows, unrollFor } from "../src/gemm-micro.ts";
import { createModule } from "../src/wasm-assembler.ts";
import { i32 } from "../src/wasm-opcodes.ts";
import { f32x4, v128 } from "../src/wasm-simd.ts";
import { now } from "./measure.mjs";

const vectors = 2;
const maddsOfRun = 20_000_000;

function kernel(relaxed) {
  const module = createModule();
  const madd = multiplyAdd(relaxed);
  const rows = panelRows(relaxed);
  const unroll = unrollFor(relaxed);
  module.func("run", ["i32", "i32"], undefined, (f) => {
    const [count, to] = [f.param(0, "i32"), f.param(1, "i32")];
    const bs = Array.from({ length: vectors }, (_, v) => f.local("v128", v128.load(to, v * 16)));
    const x = f.local("v128");
    const from = f.local("i32");
    const totals = Array.from({ length: rows * vectors }, () => f.local("v128"));
    f.loop((again) => {
      // Another x for each row and turn, from memory: loads have ports of their own, and an engine that met the same x again would
      // compute a product once.
      f.set(from, i32.and(i32.add(from, i32.const(64)), i32.const(1023)));
      for (let u = 0; u < unroll; u++)
        for (let r = 0; r < rows; r++) {
          f.set(x, v128.load32_splat(from, 1024 + (u * rows + r) * 4));
          for (let v = 0; v < vectors; v++) {
            const total = totals[r * vectors + v];
            f.set(total, madd(x, bs[v], total));
          }
        }
      f.set(count, i32.sub(count, i32.const(1)));
      f.branch(again, count);
    });
    f.emit(
      v128.store(
        to,
        totals.reduce((a, b) => f32x4.add(a, b)),
      ),
    );
  });
  const memory = new WebAssembly.Memory({ initial: 1 });
  return new WebAssembly.Instance(new WebAssembly.Module(module.bytes()), { env: { memory } }).exports.run;
}

/** A function that runs multiply-adds which wait for nothing, for some 4 milliseconds, and gives their GFLOP/s. */
export function ceiling(relaxed) {
  const run = kernel(relaxed);
  const madds = panelRows(relaxed) * vectors * unrollFor(relaxed);
  const turns = Math.round(maddsOfRun / madds);
  return () => {
    const start = now();
    run(turns, 64);
    return (2 * 4 * madds * turns) / (now() - start) / 1e6;
  };
}

if (process.argv[1] === import.meta.filename) {
  for (const relaxed of [true, false])
    if (!relaxed || hasRelaxedSimd()) {
      const once = ceiling(relaxed);
      const best = Math.max(...Array.from({ length: 40 }, once));
      console.log(`${relaxed ? "relaxed" : "plain"} multiply-adds: ${best.toFixed(1)} GFLOP/s`);
    }
}
