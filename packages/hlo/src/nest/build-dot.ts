// A matrix product with views on its operands and an expression behind it, as the nest [batch, m, n] with k inside; and a
// convolution with one behind it, as the nest [1, rows, outputs].
import { sizeOf } from "@org/tensor";
import { attributesOf, type HloComputation, type HloInstruction } from "../instruction.ts";
import { Expression, type Gathered, Inexpressible } from "./expression.ts";
import type { NestMatrix } from "./loop-nest.ts";
import { finish, pathToRoot, type UnkeyedNest } from "./nest-space.ts";
import {
  applyView,
  denseView,
  isIdentity,
  isView,
  mergeAll,
  movementsOf,
  type View,
  type ViewDimension,
} from "./view.ts";

/** Which dimensions of an operand are batch, free and contracting. */
export interface DotDimensions {
  readonly batch: readonly number[];
  readonly free: readonly number[];
  readonly contracting: readonly number[];
}

/** The dimensions of both operands of a dot by their role. */
export function dotDimensions(dot: HloInstruction): {
  readonly lhs: DotDimensions;
  readonly rhs: DotDimensions;
} {
  const { lhsBatch, rhsBatch, lhsContracting, rhsContracting } = attributesOf(dot, "dot");
  const [lhs, rhs] = dot.operands as [HloInstruction, HloInstruction];
  const free = (x: HloInstruction, batch: readonly number[], contracting: readonly number[]): number[] =>
    x.dims.map((_, d) => d).filter((d) => !batch.includes(d) && !contracting.includes(d));
  return {
    lhs: { batch: lhsBatch, free: free(lhs, lhsBatch, lhsContracting), contracting: lhsContracting },
    rhs: { batch: rhsBatch, free: free(rhs, rhsBatch, rhsContracting), contracting: rhsContracting },
  };
}

/** A view as a batch of matrices: each role merged to one dimension, or undefined. */
export function matrixDimensions(
  view: View,
  roles: readonly (readonly number[])[],
): ViewDimension[] | undefined {
  const merged = roles.map((role) => mergeAll(role.map((d) => view.dimensions[d]!)));
  return merged.every((dimension) => dimension !== undefined) ? (merged as ViewDimension[]) : undefined;
}

/** buildNest for kind dot. Throws Inexpressible. */
export function buildDot({ roots, parameters, instructions }: HloComputation): UnkeyedNest {
  const dot = instructions.find(({ opcode }) => opcode === "dot");
  if (!dot) throw new Inexpressible();
  const { lhs, rhs } = dotDimensions(dot);
  const matrix = (
    operand: HloInstruction,
    roles: readonly (readonly number[])[],
  ): NestMatrix & { extents: number[] } => {
    const { parameter, view } = viewed(operand);
    const dimensions = matrixDimensions(view, roles);
    if (!dimensions) throw new Inexpressible();
    return {
      parameter: parameters.indexOf(parameter),
      dtype: parameter.dtype,
      strides: dimensions.map(({ stride }) => stride) as [number, number, number],
      offset: view.offset,
      movement: movementsOf(dimensions) as [never, never, never],
      extents: dimensions.map(({ extent }) => extent),
    };
  };
  const { extents: left, ...lhsMatrix } = matrix(dot.operands[0]!, [lhs.batch, lhs.free, lhs.contracting]);
  const { extents: right, ...rhsMatrix } = matrix(dot.operands[1]!, [rhs.batch, rhs.contracting, rhs.free]);

  const ranks = [lhs.batch.length, lhs.free.length, rhs.free.length];
  const extents = [left[0]!, left[1]!, right[2]!];
  return {
    ...behindProduct("dot", dot, ranks, extents, { roots, parameters }),
    dot: { k: left[2]!, lhs: lhsMatrix, rhs: rhsMatrix },
  };
}

/** buildNest for kind convolution. Throws Inexpressible. */
export function buildConvolution({ roots, parameters, instructions }: HloComputation): UnkeyedNest {
  const convolution = instructions.find(({ opcode }) => opcode === "convolution");
  if (!convolution) throw new Inexpressible();
  const [lhs, rhs] = convolution.operands.map((operand) => parameters.indexOf(operand)) as [number, number];
  if (lhs < 0 || rhs < 0) throw new Inexpressible();
  const { dims } = convolution;
  const extents = [1, sizeOf(dims.slice(0, -1)), dims.at(-1)!];
  const ranks = [0, dims.length - 1, 1];
  return {
    ...behindProduct("convolution", convolution, ranks, extents, { roots, parameters }),
    convolution: { instruction: convolution, lhs, rhs },
  };
}

/** The expression behind `product`, whose dimensions are merged to three by `ranks`. Throws Inexpressible. */
function behindProduct(
  kind: "dot" | "convolution",
  product: HloInstruction,
  ranks: readonly number[],
  extents: readonly number[],
  { roots, parameters }: Pick<HloComputation, "roots" | "parameters">,
): UnkeyedNest {
  const { dtype, dims } = product;
  const gathered: Gathered = { loads: [], indices: [], literals: [] };
  const expression = new Expression(gathered, (instruction, path) => {
    const view = instruction === product ? path.apply(denseView(dims)) : undefined;
    if (!view || !isIdentity(view) || view.dimensions.length !== dims.length) throw new Inexpressible();
    return { kind: "product", dtype };
  });
  const values = roots.map((root) => expression.emit(root, pathToRoot(root, dims)));
  let next = 0;
  const roles = ranks.map((rank) => {
    const role = dims.map((_, d) => d).slice(next, next + rank);
    next += rank;
    return role;
  });
  const views = [...gathered.loads.map(({ view }) => view), ...gathered.indices].map((view): View => {
    const dimensions = matrixDimensions(view, roles);
    if (!dimensions) throw new Inexpressible();
    return { dimensions, offset: view.offset };
  });
  const space = { views, extents, outerRank: 3 };
  return finish(kind, space, gathered, expression.ops, 0, roots, values, parameters);
}

/** The parameter under an operand's views, and how the operand lies in it. Throws Inexpressible. */
function viewed(operand: HloInstruction): { parameter: HloInstruction; view: View } {
  const chain: HloInstruction[] = [];
  let base = operand;
  for (; isView(base.opcode); base = base.operands[0]!) chain.unshift(base);
  if (base.opcode !== "parameter") throw new Inexpressible();
  let view: View | undefined = denseView(base.dims);
  for (const instruction of chain) view = view && applyView(view, instruction);
  if (!view) throw new Inexpressible();
  return { parameter: base, view };
}
