// Gradients against numeric ones: central differences, in double precision, of a weighted sum of what comes out.
import { Graph, isIndexedSlices, type OpRegistry, type Tensor } from "@org/graph";
import { type DType, type NdArray, ndArray, sizeOf, toNumbers } from "@org/tensor";
import { placeholder } from "../array/constant.ts";
import { reshape } from "../array/reshape.ts";
import { size } from "../array/shape-of.ts";
import { convertToTensor } from "../convert.ts";
import { gradients } from "../gradients.ts";
import { addN } from "../math/add-n.ts";
import { cast } from "../math/cast.ts";
import { operator } from "../math/operator.ts";
import { range as rangeOf } from "../math/range.ts";
import { reduceSum } from "../math/reductions.ts";
import { sin } from "../math/unary.ts";
import { standardOps } from "../registry.ts";
import type { RunGraph } from "./recorded-case.ts";

/** A function of float tensors and where it is looked at. */
export interface GradientCheck {
  readonly f: (...xs: Tensor[]) => Tensor | readonly Tensor[];
  /** Shapes of the arguments. */
  readonly shapes: readonly (readonly number[])[];
  /** Where the arguments lie: [-2, 2] away from 0 unless given. */
  readonly range?: readonly [number, number];
  /** Placeholders whose shapes are not known: the dynamic forms of gradients. */
  readonly dynamic?: boolean;
  /** How far to either side: 1e-5 unless given. */
  readonly step?: number;
  /** 1e-5 unless given: more where float32 is in between. */
  readonly tolerance?: number;
}

/** Numbers in a range, from a simple generator, so that a failure comes back; each of them a float32. */
function numbers(seed: number, count: number, [low, high]: readonly [number, number]): Float64Array {
  let state = seed;
  return Float64Array.from({ length: count }, () => {
    state = (state * 1103515245 + 12345) % 2147483648;
    const x = low + ((high - low) * state) / 2147483648;
    return Math.fround(low < 0 && Math.abs(x) < 0.1 ? x + 0.2 : x);
  });
}

interface Built {
  readonly graph: Graph;
  readonly xs: readonly Tensor[];
  readonly loss: Tensor;
  readonly grads: readonly Tensor[];
}

function build({ f, shapes, dynamic = false }: GradientCheck, dtype: DType, ops: OpRegistry): Built {
  const graph = new Graph({ ops });
  return graph.asDefault(() => {
    const xs = shapes.map((shape) => placeholder(dtype, dynamic ? shape.map(() => null) : shape));
    const made = f(...xs);
    const ys = (Array.isArray(made) ? made : [made]) as Tensor[];
    const terms = ys.map((y, i) => {
      const weights = cast(rangeOf(size(y)), y.dtype);
      const wave = sin(operator.add(operator.mul(weights, 1.7), 0.3 + i));
      return reduceSum(operator.mul(reshape(y, [-1]), wave));
    });
    const loss = addN(terms);
    const grads = gradients(loss, xs).map((grad) => {
      if (grad === undefined) throw new TypeError("no gradient");
      return isIndexedSlices(grad) ? convertToTensor(grad) : (grad as Tensor);
    });
    return { graph, xs, loss, grads };
  });
}

/** Where a check looks: an array of that type an argument. */
function places({ shapes, range = [-2, 2] }: GradientCheck, dtype: "float32" | "float64"): NdArray[] {
  return shapes.map((shape, i) => {
    const values = numbers(17 + i, sizeOf(shape), range);
    return ndArray(dtype, shape, dtype === "float32" ? Float32Array.from(values) : values);
  });
}

/** The slopes of each argument's elements, by central differences in double precision. Rejects with what `run` rejects with. */
export async function numericGradient(
  check: GradientCheck,
  run: RunGraph,
  ops: OpRegistry = standardOps,
): Promise<number[][]> {
  const { step = 1e-5 } = check;
  const { graph, xs, loss } = build(check, "float64", ops);
  const values = places(check, "float64");
  const slopes: number[][] = [];
  for (const [i, value] of values.entries()) {
    const found: number[] = [];
    for (let at = 0; at < value.data.length; at++) {
      const nudged = async (by: number): Promise<number> => {
        const data = (value.data as Float64Array).slice();
        data[at]! += by;
        const arrays = values.map((other, j) => (j === i ? ndArray("float64", value.shape, data) : other));
        const [result] = await run(graph, [loss], new Map(xs.map((x, j) => [x, arrays[j]!])));
        return Number(result!.data[0]);
      };
      found.push(((await nudged(step)) - (await nudged(-step))) / (2 * step));
    }
    slopes.push(found);
  }
  return slopes;
}

/**
 * Rejects with an Error where the gradients that `gradients` builds have another shape than their arguments, or are not `slopes`. Relative above
 * 1, within `tolerance` of the check; for float32 within 1e-4 of the argument's largest slope.
 */
export async function checkGradient(
  check: GradientCheck,
  slopes: readonly (readonly number[])[],
  run: RunGraph,
  { dtype = "float64", ops = standardOps }: { dtype?: "float32" | "float64"; ops?: OpRegistry } = {},
): Promise<void> {
  const { graph, xs, grads } = build(check, dtype, ops);
  const values = places(check, dtype);
  const found = await run(graph, grads, new Map(xs.map((x, i) => [x, values[i]!])));
  for (const [i, value] of values.entries()) {
    if (`${found[i]!.shape}` !== `${value.shape}`)
      throw new Error(`The gradient of argument ${i} is [${found[i]!.shape}], not [${value.shape}]`);
    const numeric = slopes[i]!;
    const largest = numeric.reduce((most, slope) => Math.max(most, Math.abs(slope)), 1);
    for (const [at, slope] of toNumbers(found[i]!).entries()) {
      const wanted = numeric[at]!;
      const within =
        dtype === "float64"
          ? (check.tolerance ?? 1e-5) * Math.max(1, Math.abs(wanted))
          : Math.max(check.tolerance ?? 0, 1e-4) * largest;
      if (!(Math.abs(slope - wanted) <= within))
        throw new Error(`argument ${i}, element ${at}: the slope is ${slope}, numerically ${wanted}`);
    }
  }
}
