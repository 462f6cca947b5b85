// Matrix products in parts of rows, for what follows them in one fusion to find each part near. The product itself is product.ts.
import type { LoopNest } from "@org/hlo";
import type { RowsDone } from "./gathered-convolution.ts";
import type { Run, Workshop } from "./prepared.ts";
import { type Multiply, prepareProduct } from "./product.ts";

type Dot = NonNullable<LoopNest["dot"]>;

/** Multiplies into `c`; `done` is told of rows that are there, in order. */
export type MultiplyInParts = (inputs: Parameters<Run>[0], c: number, done: RowsDone) => void;

/** Bytes of a result from which on it is made in parts, so that what follows finds them near. */
const bytesOfPart = 1 << 19;
/** Fewer rows do not pay for packing the right operand again. */
const leastRows = 384;

/** The product of one batch, in parts of rows where it is large and something else follows. */
export function prepareInParts(
  workshop: Workshop,
  extents: readonly number[],
  dot: Dot,
  mayCut: boolean,
): MultiplyInParts | Promise<MultiplyInParts> {
  const [batch, m, n] = extents as readonly [number, number, number];
  const rows = Math.max(leastRows, Math.floor(bytesOfPart / (n * 4)));
  if (!mayCut || batch > 1 || m < 2 * rows) {
    const whole = prepareProduct(workshop, extents, dot);
    const atOnce =
      (multiply: Multiply): MultiplyInParts =>
      (inputs, c, done) => {
        multiply(inputs, c);
        done(0, m);
      };
    return whole instanceof Promise ? whole.then(atOnce) : atOnce(whole);
  }
  const part = (first: number, count: number): Multiply | Promise<Multiply> => {
    const lhs = { ...dot.lhs, offset: dot.lhs.offset + first * dot.lhs.strides[1] };
    return prepareProduct(workshop, [1, count, n], { ...dot, lhs });
  };
  const starts = Array.from({ length: Math.ceil(m / rows) }, (_, i) => i * rows);
  const counts = starts.map((first) => Math.min(rows, m - first));
  const parts = starts.map((first, i) => part(first, counts[i]!));
  const inOrder =
    (multiply: readonly Multiply[]): MultiplyInParts =>
    (inputs, c, done) =>
      multiply.forEach((one, i) => {
        one(inputs, c + starts[i]! * n * 4);
        done(starts[i]!, counts[i]!);
      });
  return parts.some((one) => one instanceof Promise)
    ? Promise.all(parts).then(inOrder)
    : inOrder(parts as Multiply[]);
}
