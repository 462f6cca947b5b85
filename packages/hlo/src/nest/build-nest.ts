// loopNest: a fusion's computation as loops. Roots are expanded down to parameters in one iteration space; then
// neighbouring dimensions are merged where every load, index and store allows it.
import type { Fusion, FusionKind } from "../fusion.ts";
import { attributesOf, type HloComputation } from "../instruction.ts";
import { sameDims } from "../typed.ts";
import { buildConvolution, buildDot } from "./build-dot.ts";
import { buildRows } from "./build-rows.ts";
import {
  Expression,
  expressible,
  type Gathered,
  Inexpressible,
  notOfKind,
  straight,
  through,
} from "./expression.ts";
import { keptNest } from "./kept-nests.ts";
import type { LoopNest, NestOp } from "./loop-nest.ts";
import { nestKey } from "./nest-key.ts";
import { finish, mergeSpace, pathToRoot, type UnkeyedNest } from "./nest-space.ts";
import { broadcastDimension, denseView, isIdentity, transposeView, type View } from "./view.ts";

/**
 * The loops of a fusion of any kind but single. Throws TfError INTERNAL where the computation is not of
 * its kind: `fuse` makes only such as are.
 */
export function loopNest(fusion: Fusion): LoopNest {
  const kept = keptNest(fusion);
  if (kept !== undefined) return kept;
  const nest = fusion.kind === "single" ? undefined : buildNest(fusion.kind, fusion.computation);
  if (!nest) throw notOfKind(`${fusion.computation.name} is no ${fusion.kind} that loops can express`);
  return nest;
}

/** loopNest of a computation; undefined where strides cannot say it. */
export function buildNest(
  kind: Exclude<FusionKind, "single">,
  computation: HloComputation,
): LoopNest | undefined {
  const unkeyed = expressible(() => {
    switch (kind) {
      case "loop":
        return buildLoop(computation);
      case "reduce":
        return buildReduce(computation);
      case "rows":
        return buildRows(computation);
      case "dot":
        return buildDot(computation);
      case "convolution":
        return buildConvolution(computation);
    }
  });
  return unkeyed && { ...unkeyed, key: nestKey(unkeyed) };
}

const inexpressible = (): never => {
  throw new Inexpressible();
};

function buildLoop({ roots, parameters }: HloComputation): UnkeyedNest {
  const widest = roots.reduce((best, root) => (root.dims.length > best.dims.length ? root : best));
  const space = widest.dims;
  const gathered: Gathered = { loads: [], indices: [], literals: [] };
  const expression = new Expression(gathered, inexpressible);
  const values = roots.map((root) => expression.emit(root, pathToRoot(root, space)));
  const views = [...gathered.loads.map(({ view }) => view), ...gathered.indices, denseView(space)];
  const merged = mergeSpace(views, [space.length]);
  const ops = expression.ops;
  return finish("loop", merged, gathered, ops, ops.length, roots, values, parameters);
}

function buildReduce({ roots, parameters, instructions }: HloComputation): UnkeyedNest {
  const first = instructions.find(({ opcode }) => opcode === "reduce") ?? inexpressible();
  const operandDims = first.operands[0]!.dims;
  const reduced = [...attributesOf(first, "reduce").dimensions].sort((a, b) => a - b);
  const kept = operandDims.map((_, d) => d).filter((d) => !reduced.includes(d));
  const outer = first.dims;
  const gathered: Gathered = { loads: [], indices: [], literals: [] };
  const order = [...kept, ...reduced];
  const inside = through(`by [${order}]`, (view) => transposeView(view, order), straight);
  const innerExpression = new Expression(gathered, inexpressible);
  const reductions: NestOp[] = [];
  const outerExpression = new Expression(gathered, (instruction, path) => {
    if (instruction.opcode !== "reduce") return inexpressible();
    const { reducer, dimensions } = attributesOf(instruction, "reduce");
    const view = path.apply(denseView(instruction.dims));
    const alike =
      sameDims(instruction.operands[0]!.dims, operandDims) &&
      dimensions.length === reduced.length &&
      dimensions.every((d) => reduced.includes(d));
    if (!alike || !view || !isIdentity(view) || view.dimensions.length !== outer.length)
      return inexpressible();
    const op: NestOp = {
      kind: "reduction",
      reducer,
      dtype: instruction.dtype,
      arg: innerExpression.emit(instruction.operands[0]!, inside),
    };
    reductions.push(op);
    return op;
  });
  const outerValues = roots.map((root) => outerExpression.emit(root, pathToRoot(root, outer)));
  const views = gathered.loads.map(({ view }) => view);
  const padded = (view: View): View => {
    const missing = order.slice(view.dimensions.length).map((d) => broadcastDimension(operandDims[d]!));
    return { ...view, dimensions: [...view.dimensions, ...missing] };
  };
  const all = [...views, ...gathered.indices, denseView(outer)].map(padded);
  const merged = mergeSpace(all, [outer.length, reduced.length]);
  const inner = innerExpression.ops.length;
  const behind = outerExpression.ops.map(
    (op): NestOp => (op.kind === "compute" ? { ...op, args: op.args.map((arg) => arg + inner) } : op),
  );
  return finish(
    "reduce",
    merged,
    gathered,
    [...innerExpression.ops, ...behind],
    inner,
    roots,
    outerValues.map((value) => value + inner),
    parameters,
  );
}
