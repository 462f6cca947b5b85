// Fusions of kind reduce. `lanes` invocations share an outer point: each combines every lanes-th inner point, then they combine what they
// have in workgroup memory. Where that leaves too few invocations busy, or sums too long to be exact, the inner points are cut into
// parts: a first dispatch leaves one value a part in `scratch`, a second one combines those. All of it is one shader, since lanes
// and parts depend on extents.
import { type LoopNest, loopNest, type NestOp, type RunningSums } from "@org/hlo";
import { type Arrangement, arrangement } from "./arrangement.ts";
import { elementType, type ValueType } from "./element-types.ts";
import { nestBody, nestMayFault } from "./nest-body.ts";
import { coordinates, nestParameters, nestWords } from "./nest-parameters.ts";
import { pointsTogether, storePoint, storeStart } from "./nest-stores.ts";
import { andThen, type Preparer } from "./prepared.ts";
import { combine, identityOf } from "./reducers.ts";
import { type ShaderSource, word } from "./shader-source.ts";
import { WgslFunctions } from "./wgsl-functions.ts";

const workgroup = 64;

/** The kernel's own words. */
const own = {
  /** Outer points, and inner points of each. */
  outer: 0,
  inner: 1,
  /** Logarithm of the lanes. */
  lanes: 2,
  /** Parts that the inner points are cut into, and inner points of each. */
  parts: 3,
  chunk: 4,
  /** What a dispatch reads and what it writes: see `stages`. */
  fromScratch: 5,
  toScratch: 6,
} as const;
const ownWords = 7;

type Reduction = NestOp & { readonly kind: "reduction" };

/** The reductions of a nest with their places among the ops. */
function reductionsOf(nest: LoopNest): { readonly op: Reduction; readonly at: number }[] {
  return nest.ops.flatMap((op, at) => (op.kind === "reduction" ? [{ op, at }] : []));
}

/** How the work is shared out. */
export interface ReductionShape {
  /** A power of two, at most a workgroup. */
  readonly lanes: number;
  readonly parts: number;
  readonly chunk: number;
}

/** Invocations that keep a device busy. */
const enough = 1 << 14;
/** Inner points that one invocation combines one after another. */
const serial = 512;
/** Rows of columns that have one running sum whatever is asked for, as in TensorFlow 2. */
const shortColumn = 16;

/**
 * Lanes where neighbours in memory are inner points; where they are outer points, invocations beside each other take those. Parts where
 * invocations are few or would combine many points.
 */
export function reductionShape(outer: number, inner: number, contiguous: boolean): ReductionShape {
  let lanes = 1;
  while (contiguous && lanes < workgroup && lanes * 4 < inner) lanes *= 2;
  const busy = outer * lanes;
  const each = busy >= enough ? serial : Math.max(32, Math.min(serial, Math.ceil((inner * busy) / enough)));
  const parts = Math.max(1, Math.min(1024, Math.ceil(inner / (lanes * each))));
  return { lanes, parts, chunk: Math.ceil(inner / parts) };
}

/** The shape of columns' sums in a stated order: an invocation for each running sum, from the first row to the last. */
function shapeInOrder(inner: number, running: RunningSums): ReductionShape {
  return { lanes: inner > shortColumn ? running : 1, parts: 1, chunk: inner };
}

export const prepareReduce: Preparer = (workshop, fusion, donated) => {
  const nest = loopNest(fusion);
  const arranged = arrangement(workshop, fusion, nest, donated);
  if ("refused" in arranged) return arranged;
  const { recorder, memory } = workshop;
  const { extents, outerRank } = nest;
  const size = (list: readonly number[]): number => list.reduce((product, extent) => product * extent, 1);
  const [outer, inner] = [size(extents.slice(0, outerRank)), size(extents.slice(outerRank))];
  const contiguous = isContiguous(nest);
  const { lanes, parts, chunk } =
    workshop.runningSums && !contiguous
      ? shapeInOrder(inner, workshop.runningSums)
      : reductionShape(outer, inner, contiguous);
  const places = nestWords(nest, ownWords);
  const together = pointsTogether(nest);

  /** The words of a dispatch over `count` inner points, and its workgroups. */
  const stage = (count: number, stageLanes: number, stageParts: number, from: boolean, to: boolean) => {
    const words = nestParameters(nest, places);
    words[own.outer] = outer;
    words[own.inner] = count;
    words[own.lanes] = Math.log2(stageLanes);
    words[own.parts] = stageParts;
    words[own.chunk] = stageParts === 1 ? count : chunk;
    words[own.fromScratch] = Number(from);
    words[own.toScratch] = Number(to);
    const slots = Math.ceil(outer / together) * stageParts;
    return { words, workgroups: Math.ceil((slots * stageLanes) / workgroup) };
  };
  const stages =
    parts === 1
      ? [stage(inner, lanes, 1, false, false)]
      : [stage(inner, lanes, parts, false, true), stage(parts, lanesFor(parts), 1, true, false)];
  const scratchBytes = parts === 1 ? 4 : 4 * outer * parts * reductionsOf(nest).length;
  const kernel = workshop.pipelines.get(arranged.key, () => reduceSource(nest, arranged));
  return andThen(kernel, (made) => ({
    run: arranged.arrange((buffers, site) => {
      const scratch = memory.allocate(scratchBytes);
      for (const { words, workgroups } of stages)
        recorder.dispatch({ kernel: made, buffers: [...buffers, scratch], words, workgroups, site });
      memory.release(scratch);
    }),
  }));
};

function lanesFor(parts: number): number {
  return Math.min(workgroup, 2 ** Math.floor(Math.log2(parts)));
}

/** Whether what is reduced lies together: some load moves by one along the last inner dimension. */
function isContiguous({ loads, outerRank }: LoopNest): boolean {
  return (
    loads.some(({ movement }) => movement.at(-1) === "unit") ||
    !loads.some(({ movement }) => movement[outerRank - 1] === "unit")
  );
}

/** Values of a reduction as words in scratch, and back. */
const toWord = (type: ValueType, value: string): string =>
  type === "bool" ? `u32(${value})` : type === "u32" ? value : `bitcast<u32>(${value})`;
const fromWord = (type: ValueType, value: string): string =>
  type === "bool" ? `(${value} != 0u)` : type === "u32" ? value : `bitcast<${type}>(${value})`;

function reduceSource(nest: LoopNest, arranged: Arrangement): ShaderSource {
  const functions = new WgslFunctions();
  const places = nestWords(nest, ownWords);
  const { inner, ops, outerRank, extents } = nest;
  const reductions = reductionsOf(nest);
  const together = pointsTogether(nest);
  const rank = extents.length;
  const at = new Map(reductions.map((reduction, r) => [reduction.at, r]));
  const bindings = {
    input: arranged.input,
    given: (op: number): string => `sum${at.get(op)}`,
  };
  const each = (line: (r: number, op: Reduction, type: ValueType) => string | string[]): string[] =>
    reductions.flatMap(({ op }, r) => line(r, op, elementType(op.dtype).value));
  const indent = (lines: readonly string[]): string[] => lines.map((line) => `  ${line}`);

  const point = [
    "let isPoint = slot < slots && i < outer;",
    ...each((r, op) => `var sum${r} = ${identityOf(functions, op.reducer, op.dtype)};`),
    "if (isPoint) {",
    "  if (fromScratch) {",
    "    for (var t = lane; t < inner; t += lanes) {",
    ...each((r, op, type) => {
      const value = fromWord(type, `scratch[(i * inner + t) * ${reductions.length}u + ${r}u]`);
      return `      sum${r} = ${combine(functions, op.reducer, op.dtype, `sum${r}`, value)};`;
    }),
    "    }",
    "  } else {",
    ...indent(indent(coordinates(places, "i", 0, outerRank))),
    `    let end = min((part + 1u) * ${word(own.chunk)}, inner);`,
    `    for (var t = part * ${word(own.chunk)} + lane; t < end; t += lanes) {`,
    ...indent(indent(indent(coordinates(places, "t", outerRank, rank)))),
    ...indent(indent(indent(nestBody(nest, functions, places, bindings, 0, inner, rank)))),
    ...each(
      (r, op) => `      sum${r} = ${combine(functions, op.reducer, op.dtype, `sum${r}`, `v${op.arg}`)};`,
    ),
    "    }",
    "  }",
    "}",
    ...each((r) => `shared${r}[local] = sum${r};`),
    "for (var step = lanes / 2u; step > 0u; step = step / 2u) {",
    "  workgroupBarrier();",
    "  if (lane < step) {",
    ...each(
      (r, op) =>
        `    shared${r}[local] = ${combine(functions, op.reducer, op.dtype, `shared${r}[local]`, `shared${r}[local + step]`)};`,
    ),
    "  }",
    "}",
    "if (isPoint && lane == 0u) {",
    ...each((r) => `  sum${r} = shared${r}[local];`),
    "  if (toScratch) {",
    ...each(
      (r, _, type) =>
        `    scratch[(i * parts + part) * ${reductions.length}u + ${r}u] = ${toWord(type, `sum${r}`)};`,
    ),
    "  } else {",
    ...indent(indent(coordinates(places, "i", 0, outerRank))),
    ...indent(indent(nestBody(nest, functions, places, bindings, inner, ops.length, outerRank))),
    ...indent(indent(storePoint(nest, functions, "outer"))),
    "  }",
    "}",
  ];
  const body = [
    `let outer = ${word(own.outer)};`,
    `let inner = ${word(own.inner)};`,
    `let parts = ${word(own.parts)};`,
    `let lanes = 1u << ${word(own.lanes)};`,
    `let fromScratch = ${word(own.fromScratch)} != 0u;`,
    `let toScratch = ${word(own.toScratch)} != 0u;`,
    "let lane = local & (lanes - 1u);",
    `let slot = group * (${workgroup}u / lanes) + local / lanes;`,
    // Invocations beside each other take outer points beside each other.
    `let items = (outer + ${together - 1}u) / ${together}u;`,
    "let slots = items * parts;",
    "let part = slot / items;",
    `let first = (slot % items) * ${together}u;`,
    ...storeStart(nest),
    ...(together === 1
      ? ["let i = first;", ...point]
      : [
          `for (var point = 0u; point < ${together}u; point++) {`,
          "  let i = first + point;",
          "  workgroupBarrier();",
          ...indent(point),
          "}",
        ]),
  ];
  return {
    inputs: arranged.inputTypes,
    outputs: arranged.outputTypes,
    scratch: "u32",
    words: places.length,
    faults: nestMayFault(nest),
    workgroup,
    functions,
    declarations: each((r, _, type) => `var<workgroup> shared${r}: array<${type}, ${workgroup}>;`),
    body,
  };
}
