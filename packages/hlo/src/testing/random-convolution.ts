// Random computations around convolutions, from a seed: what nets put behind them (bias, scale, relu, residuals, statistics), and what
// must stay out of their kernels (values that are not whole rows, users of the bare result).
import type { NdArray } from "@org/tensor";
import { HloBuilder } from "../builder.ts";
import type { HloInstruction, Window } from "../instruction.ts";
import { type RandomProgram, randomArray, seededRandom } from "./random-program.ts";

/** A random convolution of float32 with one or two spatial dimensions and some element-wise operations behind it. */
export function randomConvolution(seed: number): RandomProgram {
  const random = seededRandom(seed + 1000);
  const b = new HloBuilder(`convolution${seed}`);
  const inputs: NdArray[] = [];
  const pick = <T>(list: readonly T[]): T => list[Math.floor(random() * list.length)]!;
  const input = (dims: readonly number[]): HloInstruction => {
    inputs.push(randomArray("float32", dims, random));
    return b.parameter("float32", dims);
  };
  const rank = pick([1, 2, 2]);
  const list = <T>(of: () => T): T[] => Array.from({ length: rank }, of);
  const groups = pick([1, 1, 2]);
  const [features, outputs] = [groups * pick([1, 2, 3]), groups * pick([1, 2, 5])];
  const size = list(() => pick([1, 2, 3]));
  const window: Window = {
    size,
    strides: list(() => pick([1, 1, 2])),
    dilation: list(() => 1),
    baseDilation: list(() => pick([1, 1, 2])),
    padding: size.map((extent) => [extent - 1, pick([0, extent - 1])] as const),
  };
  const x = input([pick([1, 2, 3]), ...list(() => pick([3, 4, 7])), features]);
  const turned = random() < 0.3;
  const filter = input(
    turned ? [outputs, features / groups, ...size] : [...size, features / groups, outputs],
  );
  const order = [...size.map((_, d) => d + 2), 1, 0];
  const weights = turned ? b.transpose(filter, order) : filter;
  const result = b.convolution(x, weights, { window, featureGroupCount: groups });
  const { dims } = result;

  const values = [result];
  const whole = (): HloInstruction => (random() < 0.5 ? pick(values) : input(dims));
  const partner = (): HloInstruction =>
    pick([
      () => b.broadcastTo(input([outputs]), dims),
      () => b.broadcastTo(b.scalar("float32", pick([0, 0.5, -1])), dims),
      () => b.broadcast(input([dims[0]!]), dims, [0]),
      () => b.iota("float32", dims, Math.floor(random() * dims.length)),
      whole,
    ])();
  const steps: ((value: HloInstruction) => HloInstruction)[] = [
    (value) => b.binary(pick(["add", "subtract", "multiply", "maximum"]), value, partner()),
    (value) => b.unary(pick(["tanh", "negate", "abs"]), value),
    (value) => b.select(b.compare("GT", value, partner()), value, partner()),
  ];
  for (let i = 0; i < 5; i++) values.push(pick(steps)(random() < 0.8 ? values.at(-1)! : pick(values)));
  const roots = [values.at(-1)!, ...values.slice(0, -1).filter(() => random() < 0.15)];
  if (random() < 0.4) roots.push(b.reduce(values.at(-1)!, "add", [0]));
  if (random() < 0.3) roots.push(b.reshape(values.at(-1)!, [dims.reduce((a, n) => a * n, 1)]));
  return { computation: b.build(roots), inputs };
}
