// Dilated windows by way of undilated ones: every so-many-th row and column becomes an image of its own.
// Source: python/ops/nn_ops.py (with_space_to_batch), array_ops.py (required_space_to_batch_paddings) of 1.15.
import { constantValue, type Tensor } from "@org/graph";
import { type NdArray, ndArray, type Shape } from "@org/tensor";
import { batchToSpaceNd, spaceToBatchNd } from "../array/blocks.ts";
import { concat } from "../array/concat.ts";
import { constant } from "../array/constant.ts";
import { stack } from "../array/pack.ts";
import { shape } from "../array/shape-of.ts";
import { getItem } from "../array/strided-slice.ts";
import { convertToTensor, resolveGraph, withScope } from "../convert.ts";
import { operator } from "../math/operator.ts";
import { invalid, numbersOf } from "../shape-rules.ts";
import type { NameOption, TensorLike } from "../tensor-like.ts";
import { int32 } from "../to-nd-array.ts";

const { add, sub, mul, mod, floordiv } = operator;

type Pairs = readonly (readonly [number, number])[];

function pairsTensor(pairs: Pairs, name: string): Tensor {
  return constant(Int32Array.from(pairs.flat()), { shape: [pairs.length, 2], name });
}

/** The pairs of an int32 [n, 2] tensor where it is known. */
function pairsOf(tensor: Tensor): Pairs | undefined {
  const value = constantValue(tensor);
  if (!value) return undefined;
  const numbers = numbersOf(value);
  return Array.from(
    { length: numbers.length / 2 },
    (_, i) => [numbers[2 * i]!, numbers[2 * i + 1]!] as const,
  );
}

/** The first `count` elements of a vector. */
function elements(vector: Tensor, count: number): Tensor[] {
  return Array.from({ length: count }, (_, i) => getItem(vector, i));
}

/**
 * tf.required_space_to_batch_paddings: paddings, at least `basePaddings`, that make `blockShape` divide the padded shape, and the crops that
 * undo what is more than the base: int32 [n, 2] each. Constants where all arguments are.
 */
export function requiredSpaceToBatchPaddings(
  inputShape: TensorLike,
  blockShape: TensorLike,
  basePaddings: TensorLike,
  options: NameOption = {},
): { paddings: Tensor; crops: Tensor } {
  const graph = resolveGraph([inputShape, blockShape, basePaddings]);
  return withScope(graph, options.name, "required_space_to_batch_paddings", () => {
    const as = (value: TensorLike, name: string): Tensor =>
      convertToTensor(value, { dtype: "int32", name, graph });
    const input = as(inputShape, "input_shape");
    const block = as(blockShape, "block_shape");
    const base = as(basePaddings, "base_paddings");
    const [sizes, blocks, pairs] = [constantValue(input), constantValue(block), pairsOf(base)];
    if (sizes && blocks && pairs) {
      const [extents, rates] = [numbersOf(sizes), numbersOf(blocks)];
      const extra = pairs.map(([start, end], i) => {
        const over = (extents[i]! + start + end) % rates[i]!;
        return (rates[i]! - over) % rates[i]!;
      });
      return {
        paddings: pairsTensor(
          pairs.map(([start, end], i) => [start, end + extra[i]!]),
          "paddings",
        ),
        crops: pairsTensor(
          extra.map((more) => [0, more]),
          "crops",
        ),
      };
    }
    const count = block.shape.dim(0);
    if (count === null) invalid("block_shape must have a known shape");
    const start = getItem(base, [{}, 0]);
    const end = getItem(base, [{}, 1]);
    const full = add(add(input, start), end);
    const extra = mod(sub(block, mod(full, block)), block);
    const ends = add(end, extra);
    return {
      paddings: stack(
        Array.from({ length: count }, (_, i) => [getItem(start, i), getItem(ends, i)] as TensorLike),
        { name: "paddings" },
      ),
      crops: stack(
        elements(extra, count).map((more) => [int32(0), more] as TensorLike),
        { name: "crops" },
      ),
    };
  });
}

export interface DilatedWindow {
  /** Steps between a window's elements, one a spatial dimension. */
  readonly dilationRate: readonly number[];
  readonly padding: "SAME" | "VALID";
  /** Extents of the window, spatial dimensions first: needed for SAME padding. */
  readonly filterShape?: Shape | Tensor | readonly number[] | undefined;
  /** "NC..." where channels come before the spatial dimensions. */
  readonly dataFormat?: string | undefined;
}

/** The padding that makes a VALID window of a SAME one: [n, 2]. */
function basePaddings(filterShape: Tensor, rates: readonly number[]): Tensor {
  const known = constantValue(filterShape);
  if (known) {
    const sizes = numbersOf(known);
    const pairs = rates.map((rate, i) => {
      const extra = sizes[i]! + (sizes[i]! - 1) * (rate - 1) - 1;
      const start = Math.floor(extra / 2);
      return [start, extra - start] as const;
    });
    return pairsTensor(pairs, "stack");
  }
  const size = getItem(filterShape, [{ stop: rates.length }]);
  const stretched = add(
    size,
    mul(
      sub(size, int32(1)),
      Int32Array.from(rates, (rate) => rate - 1),
    ),
  );
  const extra = sub(stretched, int32(1));
  const start = floordiv(extra, int32(2));
  const end = sub(extra, start);
  return stack(rates.map((_, i) => [getItem(start, i), getItem(end, i)] as TensorLike));
}

/** `count` rows for the dimensions before the first spatial one, in front of an int32 tensor's. */
function withRowsBefore(tensor: Tensor, count: number, row: NdArray<"int32">): Tensor | NdArray {
  const rows = Array.from({ length: count }, () => [...row.data]).flat();
  const known = constantValue(tensor);
  if (known) {
    const numbers = [...rows, ...numbersOf(known)];
    const dims = [numbers.length / row.data.length, ...known.shape.slice(1)];
    return ndArray("int32", dims, Int32Array.from(numbers));
  }
  if (count === 0) return tensor;
  const before = ndArray("int32", [count, ...tensor.shape.toNumbers().slice(1)], Int32Array.from(rows));
  return concat([before, tensor] as TensorLike[], 0);
}

/** Extents of `x` along `dimensions`, when the graph runs. */
function dimsOf(x: Tensor, dimensions: readonly number[]): Tensor {
  const all = shape(x);
  return stack(dimensions.map((d) => getItem(all, d)));
}

/**
 * tf.nn.with_space_to_batch: `op`, of an undilated window, applied so that it is one of a dilated window. `op` gets the input and the padding that
 * it is to have. With all rates 1 it is `op(input, padding)`. Throws TfError INVALID_ARGUMENT where a rate is below 1, or SAME padding has no `filterShape`.
 * @tfExport nn.withSpaceToBatch
 */
export function withSpaceToBatch(
  input: Tensor,
  window: DilatedWindow,
  op: (input: Tensor, padding: "SAME" | "VALID") => Tensor,
): Tensor {
  const { dilationRate, padding, filterShape, dataFormat } = window;
  const { graph } = input;
  return graph.asDefault(() => {
    const rate = convertToTensor(Int32Array.from(dilationRate), { name: "dilation_rate", graph });
    if (dilationRate.some((r) => r < 1)) invalid("dilation_rate must be positive");
    if (dilationRate.every((r) => r === 1)) return op(input, padding);
    let base: Tensor | NdArray;
    if (padding === "SAME") {
      if (filterShape === undefined) invalid("filter_shape must be specified for SAME padding");
      const extents = convertToTensor(filterShape, { dtype: "int32", name: "filter_shape", graph });
      base = basePaddings(extents, dilationRate);
    } else base = ndArray("int32", [dilationRate.length, 2]);
    const before = dataFormat?.startsWith("NC") ? 1 : 0;
    const own = dilationRate.map((_, d) => d + 1 + before);
    const dims = own.map((d) => input.shape.dim(d));
    const sizes = dims.every((dim) => dim !== null) ? Int32Array.from(dims as number[]) : dimsOf(input, own);
    const { paddings, crops } = requiredSpaceToBatchPaddings(sizes, rate, base);
    const blocks = withRowsBefore(rate, before, ndArray("int32", [1], Int32Array.of(1)));
    const [padded, cropped] = [paddings, crops].map((pairs) =>
      withRowsBefore(pairs, before, ndArray("int32", [2])),
    ) as [TensorLike, TensorLike];
    return batchToSpaceNd(op(spaceToBatchNd(input, blocks, padded), "VALID"), blocks, cropped);
  });
}
