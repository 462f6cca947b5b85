// A Fusion from a computation: its key, and which inputs its outputs may overwrite.
import { dtypes, sizeOf } from "@org/tensor";
import type { Fusion, FusionKind } from "../fusion.ts";
import { type Attributes, attributesOf, type HloComputation, type HloInstruction } from "../instruction.ts";
import { buildNest } from "../nest/build-nest.ts";
import { notOfKind } from "../nest/expression.ts";
import { keepNest } from "../nest/kept-nests.ts";
import type { LoopNest, NestLoad } from "../nest/loop-nest.ts";
import { rowPasses } from "../nest/row-passes.ts";

/**
 * A fusion with its key. Throws TfError INTERNAL where the computation is not of that kind (see FusionKind): use
 * "single" for one instruction of any opcode.
 */
export function makeFusion(kind: FusionKind, computation: HloComputation): Fusion {
  return fusionAndNest(kind, computation).fusion;
}

/** makeFusion, with the loops that the key came from; none for "single". */
export function fusionAndNest(
  kind: FusionKind,
  computation: HloComputation,
): { readonly fusion: Fusion; readonly nest: LoopNest | undefined } {
  const made = fusionIfExpressible(kind, computation);
  if (made === undefined) throw notOfKind(`${computation.name} is no ${kind} that loops can express`);
  return made;
}

/** fusionAndNest; undefined where strides cannot say it. */
export function fusionIfExpressible(
  kind: FusionKind,
  computation: HloComputation,
): { readonly fusion: Fusion; readonly nest: LoopNest | undefined } | undefined {
  if (kind === "single")
    return { fusion: { kind, computation, key: singleKey(computation) }, nest: undefined };
  const nest = buildNest(kind, computation);
  if (nest === undefined) return undefined;
  const fusion = { kind, computation, key: nest.key };
  keepNest(fusion, nest);
  return { fusion, nest };
}

/** The key of one instruction (and its getTupleElements): opcodes, types, ranks, and attributes that are not extents. */
function singleKey({ instructions, roots }: HloComputation): string {
  const at = new Map(instructions.map((instruction, i) => [instruction, i]));
  const part = (instruction: HloInstruction): string => {
    const { opcode, dtype, dims, operands } = instruction;
    return `${opcode}:${dtype}${dims.length}(${operands.map((o) => at.get(o))})${structure(instruction)}`;
  };
  return `single ${instructions.map(part).join(" ")} -> ${roots.map((root) => at.get(root))}`;
}

/** Attributes that are neither extents nor positions (slice limits, padding, windows, sizes, values). */
function structure(instruction: HloInstruction): string {
  const attributes = (instruction.attributes ?? {}) as Record<string, unknown>;
  switch (instruction.opcode) {
    case "customCall": {
      const { name, attributes: own, results } = attributes as unknown as Attributes["customCall"];
      return JSON.stringify([name, own, results.map(({ dtype, dims }) => `${dtype}${dims.length}`)]);
    }
    case "constant":
    case "slice":
    case "pad":
    case "dynamicSlice":
    case "convolution":
      return "";
    case "reduceWindow":
      return attributesOf(instruction, "reduceWindow").reducer;
    default:
      return Object.keys(attributes).length ? JSON.stringify(attributes) : "";
  }
}

/** For each root, the parameters whose memory it may be written to: see FusionStep.donations. */
export function donationsOf(fusion: Fusion, nest: LoopNest | undefined): number[][] {
  const { parameters, roots } = fusion.computation;
  const bytes = ({ dtype, dims }: HloInstruction): number => dtypes[dtype].bytes * sizeOf(dims);
  const fits = (root: HloInstruction): number[] =>
    parameters.map((_, i) => i).filter((i) => bytes(parameters[i]!) === bytes(root));
  if (!nest) {
    return roots.map((root) => {
      const updates = root.opcode === "scatter" || root.opcode === "dynamicUpdateSlice";
      return updates ? fits(root).filter((i) => onlyUpdated(root, parameters[i]!)) : [];
    });
  }
  const { loads, stores, dot, convolution } = nest;
  // Points are as many as elements of the result.
  const rank = nest.kind === "rows" ? nest.extents.length : nest.outerRank;
  const passes = nest.kind === "rows" ? rowPasses(nest) : undefined;
  return roots.map((root, output) => {
    const { strides, value } = stores[output]!;
    // Of rows, what is written before the last pass could still be read.
    if (passes && (strides.at(-1) === 0 || passes.pass[value] !== passes.count - 1)) return [];
    const inPlace = (load: NestLoad): boolean =>
      load.offset === 0 &&
      load.strides.every((stride, d) => stride === strides[d]) &&
      load.movement.every((movement, d) => d >= rank || movement !== "broadcast") &&
      load.movement[rank - 1] === "unit" &&
      dtypes[load.dtype].bytes === dtypes[root.dtype].bytes;
    return fits(root).filter(
      (i) =>
        dot?.lhs.parameter !== i &&
        dot?.rhs.parameter !== i &&
        convolution?.lhs !== i &&
        convolution?.rhs !== i &&
        loads.every((load) => load.parameter !== i || inPlace(load)) &&
        (nest.kind !== "reduce" || !readInside(nest, i)),
    );
  });
}

function onlyUpdated(root: HloInstruction, parameter: HloInstruction): boolean {
  return root.operands[0] === parameter && !root.operands.slice(1).includes(parameter);
}

function readInside(nest: LoopNest, parameter: number): boolean {
  return nest.ops
    .slice(0, nest.inner)
    .some((op) => op.kind === "load" && nest.loads[op.load]!.parameter === parameter);
}
