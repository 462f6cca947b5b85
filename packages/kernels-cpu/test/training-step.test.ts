// A whole program through `fuse`: batch sizes compile nothing, results are the evaluator's.
import { evaluate, HloBuilder, type HloComputation } from "@org/hlo";
import { describe, expect, it } from "vitest";
import { cpu } from "../src/index.ts";
import { inputsFor } from "./compare.ts";
import { runProgram } from "./run-program.ts";

/** Logistic regression with softmax cross-entropy: loss, and weights after one step of gradient descent. */
function step(batch: number): HloComputation {
  const b = new HloBuilder("step");
  const [features, classes] = [20, 10];
  const x = b.parameter("float32", [batch, features]);
  const labels = b.parameter("float32", [batch, classes]);
  const w = b.parameter("float32", [features, classes]);
  const bias = b.parameter("float32", [classes]);
  const dims = [batch, classes];
  const logits = b.binary("add", b.matmul(x, w), b.broadcastTo(bias, dims));
  const shifted = b.binary("subtract", logits, b.broadcast(b.reduce(logits, "maximum", [1]), dims, [0]));
  const exp = b.unary("exp", shifted);
  const sum = b.reduce(exp, "add", [1]);
  const cross = b.binary("subtract", b.broadcast(b.unary("log", sum), dims, [0]), shifted);
  const count = b.extent("float32", batch);
  const loss = b.binary("divide", b.reduce(b.binary("multiply", labels, cross), "add", [0, 1]), count);
  const softmax = b.binary("divide", exp, b.broadcast(sum, dims, [0]));
  const gradient = b.binary("divide", b.binary("subtract", softmax, labels), b.broadcastTo(count, dims));
  const rate = b.scalar("float32", 0.5);
  const update = (value: typeof w, by: typeof w) =>
    b.binary("subtract", value, b.binary("multiply", b.broadcastTo(rate, by.dims), by));
  return b.build([
    loss,
    update(w, b.matmul(b.transpose(x, [1, 0]), gradient)),
    update(bias, b.reduce(gradient, "add", [0])),
  ]);
}

describe("a training step", () => {
  it("agrees with the evaluator at every batch size, and a new one compiles nothing", async () => {
    const backend = cpu();
    let compiled = 0;
    for (const batch of [32, 1, 2, 7, 100]) {
      const computation = step(batch);
      const inputs = inputsFor(computation, batch);
      const got = await runProgram(backend, computation, inputs);
      evaluate(computation, inputs).forEach(({ data }, r) => {
        (data as Float32Array).forEach((want, i) => {
          expect(Math.abs((got[r]![i] as number) - want)).toBeLessThan(1e-4 * Math.max(1, Math.abs(want)));
        });
      });
      if (compiled > 0) expect(backend.stats().compiled).toBe(compiled);
      compiled = backend.stats().compiled;
    }
    expect(backend.stats()).toMatchObject({ buffers: 0, bytesInUse: 0 });
  });
});
