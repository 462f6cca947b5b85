// Expressions over rows with reductions of the rows among them: what is reduced, and what reads the results at every point of the
// same rows (softmax, normalisation), as the nest [outer dimensions ..., row].
import { sizeOf } from "@org/tensor";
import { denseStrides } from "../evaluator/array.ts";
import { attributesOf, type HloComputation, type HloInstruction } from "../instruction.ts";
import { sameDims } from "../typed.ts";
import { Expression, type Gathered, Inexpressible, type Path, straight, through } from "./expression.ts";
import { finish, mergeSpace, pathToRoot, type UnkeyedNest } from "./nest-space.ts";
import { broadcastDimension, denseView, isIdentity, movementsOf, type View } from "./view.ts";

/** The dimensions that a reduction keeps, where it reduces the last ones and keeps one at least; undefined for any other instruction. */
export function rowsReduced({ opcode, operands, attributes }: HloInstruction): number | undefined {
  if (opcode !== "reduce") return undefined;
  const { dimensions } = attributes as { readonly dimensions: readonly number[] };
  const kept = operands[0]!.dims.length - dimensions.length;
  return kept > 0 && dimensions.length > 0 && dimensions.every((d) => d >= kept) ? kept : undefined;
}

/**
 * buildNest for kind rows. Throws Inexpressible: also where something is read along rows other than as it lies, where the row is
 * more than one dimension, and where an operation would be computed more often than it has elements.
 */
export function buildRows({ roots, parameters, instructions }: HloComputation): UnkeyedNest {
  const first = instructions.find(({ opcode }) => opcode === "reduce");
  const kept = first && rowsReduced(first);
  if (first === undefined || kept === undefined) throw new Inexpressible();
  const space = first.operands[0]!.dims;
  const outer = space.slice(0, kept);
  const row = space.slice(kept);
  const isRow = ({ dimensions, offset }: View): boolean =>
    dimensions.length === space.length &&
    dimensions.slice(kept).every(({ broadcast }) => broadcast) &&
    isIdentity({ dimensions: dimensions.slice(0, kept), offset });
  const isPoint = (view: View): boolean => isIdentity(view) && view.dimensions.length === space.length;
  /** Elements once each: those of the space, or of the rows. */
  const admit = (instruction: HloInstruction, path: Path): void => {
    const view = path.apply(denseView(instruction.dims));
    if (view === undefined || !(isPoint(view) || isRow(view))) throw new Inexpressible();
  };
  const gathered: Gathered = { loads: [], indices: [], literals: [] };
  const expression: Expression = new Expression(
    gathered,
    (instruction, path) => {
      if (instruction.opcode !== "reduce") throw new Inexpressible();
      const [operand] = instruction.operands as [HloInstruction];
      const view = path.apply(denseView(instruction.dims));
      const alike = rowsReduced(instruction) === kept && sameDims(operand.dims, space);
      if (!alike || view === undefined || !isRow(view)) throw new Inexpressible();
      const { reducer } = attributesOf(instruction, "reduce");
      return {
        kind: "reduction",
        reducer,
        dtype: instruction.dtype,
        arg: expression.emit(operand, straight),
      };
    },
    admit,
  );

  const overRow = (view: View): View => ({
    ...view,
    dimensions: [...view.dimensions, ...row.map(broadcastDimension)],
  });
  const whole = roots.map(({ dims }) => sameDims(dims, space) || sizeOf(dims) !== sizeOf(outer));
  const pathTo = (root: HloInstruction, i: number): Path => {
    if (whole[i]) return pathToRoot(root, space);
    const toOuter = pathToRoot(root, outer);
    return through(
      `${toOuter.key} over rows`,
      (view) => {
        const viewed = toOuter.apply(view);
        return viewed && overRow(viewed);
      },
      straight,
    );
  };
  const values = roots.map((root, i) => expression.emit(root, pathTo(root, i)));
  const views = [
    ...gathered.loads.map(({ view }) => view),
    ...gathered.indices,
    overRow(denseView(outer)),
    denseView(space),
  ];
  const merged = mergeSpace(views, [kept, row.length]);
  const { extents, outerRank } = merged;
  if (extents.length !== outerRank + 1) throw new Inexpressible();
  for (const { dimensions } of merged.views)
    if (movementsOf(dimensions).at(-1) === "strided") throw new Inexpressible();
  const { ops } = expression;
  const nest = finish("rows", merged, gathered, ops, ops.length, roots, values, parameters);
  const dense = denseStrides(extents);
  return {
    ...nest,
    stores: nest.stores.map((store, i) => (whole[i] ? { ...store, strides: dense } : store)),
  };
}
