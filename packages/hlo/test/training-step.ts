// A two-layer network's forward pass, gradients and updates (SGD on the weights, momentum on the biases): what fusion is for.
import { HloBuilder, type HloComputation, type HloInstruction } from "../src/index.ts";

export function trainingStep(batch: number): { computation: HloComputation } {
  const b = new HloBuilder("step");
  const [inputs, hidden, classes] = [784, 128, 10];
  const x = b.parameter("float32", [batch, inputs]);
  const labels = b.parameter("float32", [batch, classes]);
  const w1 = b.parameter("float32", [inputs, hidden]);
  const b1 = b.parameter("float32", [hidden]);
  const w2 = b.parameter("float32", [hidden, classes]);
  const b2 = b.parameter("float32", [classes]);
  const a1 = b.parameter("float32", [hidden]);
  const a2 = b.parameter("float32", [classes]);
  const rate = b.parameter("float32", []);
  const zip = (
    opcode: "add" | "subtract" | "multiply" | "divide" | "maximum",
    p: HloInstruction,
    q: HloInstruction,
  ): HloInstruction => {
    const dims = p.dims.length >= q.dims.length ? p.dims : q.dims;
    return b.binary(opcode, b.broadcastTo(p, dims), b.broadcastTo(q, dims));
  };
  const zero = b.scalar("float32", 0);
  const t = (m: HloInstruction): HloInstruction => b.transpose(m, [1, 0]);
  const h = zip("maximum", zip("add", b.matmul(x, w1), b1), zero);
  const logits = zip("add", b.matmul(h, w2), b2);
  const max = b.reshape(b.reduce(logits, "maximum", [1]), [batch, 1]);
  const shifted = b.binary("subtract", logits, b.broadcastTo(max, logits.dims));
  const exp = b.unary("exp", shifted);
  const sum = b.reshape(b.reduce(exp, "add", [1]), [batch, 1]);
  const logSum = b.broadcastTo(b.unary("log", sum), logits.dims);
  const cross = b.reduce(b.binary("multiply", labels, b.binary("subtract", logSum, shifted)), "add", [1]);
  const count = b.extent("float32", batch);
  const loss = b.binary("divide", b.reduce(cross, "add", [0]), count);
  const dLogits = zip(
    "divide",
    b.binary("subtract", b.binary("divide", exp, b.broadcastTo(sum, exp.dims)), labels),
    count,
  );
  const dH = b.matmul(dLogits, t(w2));
  const dZ = b.select(b.compare("GT", h, b.broadcastTo(zero, h.dims)), dH, b.broadcastTo(zero, h.dims));
  const sgd = (value: HloInstruction, gradient: HloInstruction): HloInstruction =>
    b.binary("subtract", value, zip("multiply", rate, gradient));
  const momentum = (
    value: HloInstruction,
    slot: HloInstruction,
    gradient: HloInstruction,
  ): HloInstruction[] => {
    const next = zip("add", zip("multiply", b.scalar("float32", 0.9), slot), gradient);
    return [sgd(value, next), next];
  };
  return {
    computation: b.build([
      loss,
      sgd(w1, b.matmul(t(x), dZ)),
      sgd(w2, b.matmul(t(h), dLogits)),
      ...momentum(b1, a1, b.reduce(dZ, "add", [0])),
      ...momentum(b2, a2, b.reduce(dLogits, "add", [0])),
    ]),
  };
}
