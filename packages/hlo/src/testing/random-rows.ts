// Computations over rows: the known ones (softmax, normalisation, cross-entropy ...), and random ones from a seed, in which
// reductions of the last dimension are read at every point of the same rows.
import type { NdArray } from "@org/tensor";
import { HloBuilder } from "../builder.ts";
import type { HloComputation, HloDType, HloInstruction } from "../instruction.ts";
import { type RandomProgram, randomArray, seededRandom } from "./random-program.ts";

type Value = HloInstruction;

/** A reduction of the last dimension. */
const reduceRow = (b: HloBuilder, x: Value, reducer: "add" | "maximum" | "minimum"): Value =>
  b.reduce(x, reducer, [x.dims.length - 1]);

/** One value a row, at every point of it. */
const overRow = (b: HloBuilder, row: Value, dims: readonly number[]): Value =>
  b.broadcast(
    row,
    dims,
    row.dims.map((_, d) => d),
  );

const scalar = (b: HloBuilder, value: number, like: Value): Value =>
  b.broadcastTo(b.scalar(like.dtype, value), like.dims);

/** A computation over parameters of the extents that are asked for, float32. */
export interface RowsCase {
  readonly name: string;
  readonly make: (dims: readonly number[]) => HloComputation;
}

const over = (name: string, roots: (b: HloBuilder, x: Value) => Value[]): RowsCase => ({
  name,
  make(dims) {
    const b = new HloBuilder(name);
    return b.build(roots(b, b.parameter("float32", dims)));
  },
});

const shifted = (b: HloBuilder, x: Value): Value =>
  b.binary("subtract", x, overRow(b, reduceRow(b, x, "maximum"), x.dims));
const mean = (b: HloBuilder, x: Value): Value => {
  const sum = reduceRow(b, x, "add");
  return b.binary("divide", sum, b.broadcastTo(b.extent("float32", x.dims.at(-1)!), sum.dims));
};

/** What programs have of this sort. */
export const rowsCases: readonly RowsCase[] = [
  over("softmax", (b, x) => {
    const e = b.unary("exp", shifted(b, x));
    return [b.binary("divide", e, overRow(b, reduceRow(b, e, "add"), x.dims))];
  }),
  over("log-softmax", (b, x) => {
    const below = shifted(b, x);
    const sum = b.unary("log", reduceRow(b, b.unary("exp", below), "add"));
    return [b.binary("subtract", below, overRow(b, sum, x.dims))];
  }),
  over("cross-entropy and its gradient", (b, x) => {
    const labels = b.parameter("float32", x.dims);
    const below = shifted(b, x);
    const e = b.unary("exp", below);
    const sum = reduceRow(b, e, "add");
    const losses = b.binary(
      "multiply",
      labels,
      b.binary("subtract", overRow(b, b.unary("log", sum), x.dims), below),
    );
    const gradient = b.binary("subtract", b.binary("divide", e, overRow(b, sum, x.dims)), labels);
    return [reduceRow(b, losses, "add"), gradient];
  }),
  over("layer normalisation", (b, x) => {
    const [gain, bias] = [b.parameter("float32", [x.dims.at(-1)!]), b.parameter("float32", [x.dims.at(-1)!])];
    const centred = b.binary("subtract", x, overRow(b, mean(b, x), x.dims));
    const variance = mean(b, b.binary("multiply", centred, centred));
    const scale = b.unary("rsqrt", b.binary("add", variance, scalar(b, 1e-3, variance)));
    const normal = b.binary("multiply", centred, overRow(b, scale, x.dims));
    return [
      b.binary("add", b.binary("multiply", normal, b.broadcastTo(gain, x.dims)), b.broadcastTo(bias, x.dims)),
    ];
  }),
  over("rows clipped by their norms", (b, x) => {
    const norm = b.unary("sqrt", reduceRow(b, b.binary("multiply", x, x), "add"));
    const scale = b.binary("divide", scalar(b, 1, norm), b.binary("maximum", norm, scalar(b, 1, norm)));
    return [b.binary("multiply", x, overRow(b, scale, x.dims)), norm];
  }),
  over("mean and variance that keep their dimension", (b, x) => {
    const kept = [...x.dims.slice(0, -1), 1];
    const m = b.reshape(mean(b, x), kept);
    const centred = b.binary("subtract", x, b.broadcastTo(m, x.dims));
    return [m, b.reshape(mean(b, b.binary("multiply", centred, centred)), kept)];
  }),
];

/** A random computation of `dtype` over rows of one array, with inputs for it. */
export function randomRows(seed: number, dtype: HloDType = "float32"): RandomProgram {
  const random = seededRandom(seed);
  const pick = <T>(list: readonly T[]): T => list[Math.floor(random() * list.length)]!;
  const float = dtype.includes("float");
  const row = pick([1, 2, 3, 4, 5, 7, 8, 9, 16, 17, 33, 64, 100]);
  const dims = random() < 0.7 ? [pick([1, 2, 3, 7, 20]), row] : [pick([1, 2, 5]), pick([1, 3]), row];
  const outer = dims.slice(0, -1);
  const b = new HloBuilder(`rows${seed}`);
  const inputs: NdArray[] = [];
  const input = (shape: readonly number[]): Value => {
    inputs.push(randomArray(dtype, shape, random));
    return b.parameter(dtype, shape);
  };
  const points: Value[] = [input(dims), input(dims)];
  const perRow: Value[] = [input(outer)];
  const partner = (): Value => {
    const from = random();
    if (from < 0.4) return overRow(b, pick(perRow), dims);
    if (from < 0.5) return b.broadcastTo(input([row]), dims);
    return from < 0.6 ? b.iota(dtype, dims, Math.floor(random() * dims.length)) : pick(points);
  };
  // Values stay small, so that rounding is not blown up.
  const bounded = (x: Value): Value => (float ? b.unary("tanh", x) : x);
  const steps: (() => void)[] = [
    () => points.push(b.binary(pick(["add", "subtract", "maximum"]), pick(points), partner())),
    () => points.push(bounded(b.binary("multiply", pick(points), partner()))),
    () =>
      points.push(
        float ? b.unary(pick(["logistic", "exp"]), bounded(pick(points))) : b.unary("negate", pick(points)),
      ),
    () => points.push(b.select(b.compare("LT", pick(points), partner()), pick(points), partner())),
    () => perRow.push(bounded(reduceRow(b, pick(points), pick(["add", "maximum", "minimum"])))),
    () => perRow.push(reduceRow(b, pick(points), pick(["maximum", "minimum"]))),
    () => perRow.push(b.binary(pick(["add", "maximum"]), pick(perRow), pick(perRow))),
  ];
  for (let i = 0, count = 6 + Math.floor(random() * 12); i < count; i++) pick(steps)();
  const last = points.at(-1)!;
  points.push(b.binary("subtract", last, overRow(b, reduceRow(b, last, "maximum"), dims)));
  const roots = [
    points.at(-1)!,
    ...(random() < 0.5 ? [perRow.at(-1)!] : []),
    ...(random() < 0.3 ? [pick(points)] : []),
  ];
  return { computation: b.build(roots), inputs };
}
