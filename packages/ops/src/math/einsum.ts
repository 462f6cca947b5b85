// tf.einsum: sums of products over labelled axes, made of transpositions, products of matrices and reshapes.
// Source: python/ops/special_math_ops.py of TensorFlow 1.15.
import { isTensor, type Tensor } from "@org/graph";
import { expandDims, reshape } from "../array/reshape.ts";
import { shape as shapeOf } from "../array/shape-of.ts";
import { getItem } from "../array/strided-slice.ts";
import { transpose } from "../array/transpose.ts";
import { convertToTensor, resolveGraph, withScope } from "../convert.ts";
import { invalid } from "../shape-rules.ts";
import type { NameOption, TensorLike } from "../tensor-like.ts";
import { multiply } from "./binary.ts";
import { parseEinsum, sorted } from "./einsum-equation.ts";
import { matmul } from "./matmul.ts";
import { operator } from "./operator.ts";
import { reduceSum } from "./reductions.ts";
import { trace } from "./trace.ts";

/** A tensor, and a letter for each of its axes. */
interface Labelled {
  readonly tensor: Tensor;
  readonly labels: string;
}

type Extent = number | Tensor;

function permuted(tensor: Tensor, perm: readonly number[]): Tensor {
  return perm.some((axis, i) => axis !== i) ? transpose(tensor, perm) : tensor;
}

function extentsOf(tensor: Tensor): readonly Extent[] {
  const dims = tensor.shape.dims!;
  if (dims.every((dim) => dim !== null)) return dims as readonly number[];
  const known = shapeOf(tensor);
  return dims.map((dim, i) => dim ?? getItem(known, i));
}

function productOf(extents: readonly Extent[]): Extent {
  return extents.reduce<Extent>(
    (all, extent) => (isTensor(all) || isTensor(extent) ? operator.mul(all, extent) : all * extent),
    1,
  );
}

function reshaped(tensor: Tensor, dims: readonly Extent[]): Tensor {
  const own = tensor.shape.dims!;
  const same = own.length === dims.length && dims.every((dim, i) => !isTensor(dim) && dim === own[i]);
  return same ? tensor : reshape(tensor, dims as TensorLike);
}

/** One product of two tensors, summed over `summed`. */
function contract(a: Labelled, b: Labelled, summed: ReadonlySet<string>): Labelled {
  for (const [name, { tensor, labels }] of [
    ["t0", a],
    ["t1", b],
  ] as const)
    if (tensor.shape.rank !== labels.length)
      invalid(
        `Tensor ${name} of rank ${tensor.shape.rank} does not match einsum reduction of length ${labels.length}`,
      );
  const shared = (label: string): boolean => a.labels.includes(label) && b.labels.includes(label);
  const preserved = sorted(new Set(a.labels)).filter((label) => shared(label) && !summed.has(label));
  const sums = sorted(summed);
  const own = ({ labels }: Labelled): string[] => sorted(labels).filter((label) => !shared(label));
  const [ofA, ofB] = [own(a), own(b)];
  // Axes of both first; then a's own and those summed; of b those summed and its own.
  const [orderA, orderB] = [
    [...preserved, ...ofA, ...sums],
    [...preserved, ...sums, ...ofB],
  ];
  let x = permuted(
    a.tensor,
    orderA.map((label) => a.labels.indexOf(label)),
  );
  let y = permuted(
    b.tensor,
    orderB.map((label) => b.labels.indexOf(label)),
  );
  const labels = [...preserved, ...ofA, ...ofB].join("");
  if (sums.length === 0) {
    for (const _ of ofB) x = expandDims(x, -1);
    for (const _ of ofA) y = expandDims(y, preserved.length);
    return { tensor: multiply(x, y), labels };
  }
  const extentsX = extentsOf(x);
  const outer = extentsX.slice(0, preserved.length);
  const ownX = productOf(extentsX.slice(preserved.length, -sums.length));
  const inner = productOf(extentsX.slice(-sums.length));
  x = reshaped(x, [...outer, ownX, inner]);
  const extentsY = extentsOf(y);
  const ownY = productOf(extentsY.slice(preserved.length + sums.length));
  y = reshaped(y, [...extentsY.slice(0, preserved.length), inner, ownY]);
  const dims = [
    ...extentsX.slice(0, preserved.length + ofA.length),
    ...extentsY.slice(extentsY.length - ofB.length),
  ];
  return { tensor: reshaped(matmul(x, y), dims), labels };
}

/** All at once: every axis of every input side by side, multiplied, summed. */
function contractAll(equation: string, tensors: readonly Tensor[]): Tensor {
  const { inputs, output } = parseEinsum(
    equation,
    tensors.map(({ shape }) => shape),
  );
  const all = sorted(new Set(inputs.join("") + output));
  const order = [...all.filter((label) => !output.includes(label)), ...output];
  const expanded = tensors.map((tensor, i) => {
    const labels = inputs[i]!;
    if (tensor.shape.rank !== labels.length)
      invalid(
        `Input ${i} with axes ${labels} has incorrect number of dimensions (expected ${labels.length}, got ${tensor.shape.rank})`,
      );
    const own = order.filter((label) => labels.includes(label));
    return {
      tensor: permuted(
        tensor,
        own.map((label) => labels.indexOf(label)),
      ),
      own,
    };
  });
  for (const label of order) {
    const extents = expanded.map(({ tensor, own }) => tensor.shape.dims![own.indexOf(label)] ?? 1);
    if (new Set(extents.filter((extent) => extent > 1)).size > 1)
      invalid(`Dimension mismatch on axis: ${label}`);
  }
  const factors = expanded.map(({ tensor, own }) =>
    reshape(
      tensor,
      order.map((label) => (own.includes(label) ? tensor.shape.dims![own.indexOf(label)] || -1 : 1)),
    ),
  );
  const product = factors.reduce<Tensor | number>((x, y) => operator.mul(x, y), 1) as Tensor;
  return reduceSum(
    product,
    Array.from({ length: order.length - output.length }, (_, i) => i),
  );
}

/**
 * tf.einsum: `einsum("ij,jk->ik", [a, b])` is a product of matrices. Axes that the output has not are summed over; without an arrow it has those
 * that stand once. Throws TfError INVALID_ARGUMENT for equations that are none, do not fit the tensors, or name an axis twice in one (but
 * "ii", a trace).
 * @tfExport einsum, linalg.einsum
 */
export function einsum(equation: string, inputs: readonly TensorLike[], options: NameOption = {}): Tensor {
  const graph = resolveGraph(inputs);
  return withScope(graph, options.name, "einsum", () => {
    const tensors = inputs.map((input) => convertToTensor(input, { graph }));
    const { inputs: labels, output } = parseEinsum(
      equation,
      tensors.map(({ shape }) => shape),
    );
    const [first] = labels;
    if (labels.length === 1 && /^(.)\1$/.test(first!) && !equation.includes("->")) return trace(tensors[0]!);
    for (const own of labels)
      if (new Set(own).size < own.length)
        invalid(`Subscript not supported: an axis appears more than once: ${own}`);
    const uses = (label: string): number => labels.filter((own) => own.includes(label)).length;
    if ([...new Set(labels.join(""))].some((label) => uses(label) > 2 && !output.includes(label)))
      return contractAll(equation, tensors);
    let result: Labelled = { tensor: tensors[0]!, labels: first! };
    for (const [i, tensor] of tensors.entries()) {
      if (i === 0) continue;
      const next = { tensor, labels: labels[i]! };
      const summed = [...result.labels].filter(
        (label) => next.labels.includes(label) && !output.includes(label),
      );
      result = contract(result, next, new Set(summed));
    }
    let { tensor, labels: made } = result;
    const gone = [...made].flatMap((label, i) => (output.includes(label) ? [] : [i]));
    if (gone.length > 0) {
      tensor = reduceSum(tensor, gone);
      made = [...made].filter((label) => output.includes(label)).join("");
    }
    if (sorted(made).join("") !== sorted(output).join("")) invalid(`Invalid equation: ${equation}`);
    return permuted(
      tensor,
      [...output].map((label) => made.indexOf(label)),
    );
  });
}
