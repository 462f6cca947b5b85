// Fusions of kind rows (softmax, layer normalisation): several passes over a row by one dispatch, while the row is near. `lanes` invocations
// share a row: each walks every lanes-th point of it, and between two passes they combine what they have in workgroup memory. What is
// one value a row is computed by all of them. Points are computed anew in each pass that needs them: that is cheaper than memory.
// Outputs of less than 32 bits share words, so there an invocation has as many rows for itself as make whole words.
import { type LoopNest, loopNest, type NestOp, rowPasses } from "@org/hlo";
import { type Arrangement, arrangement } from "./arrangement.ts";
import { elementType } from "./element-types.ts";
import { nestBody, nestMayFault } from "./nest-body.ts";
import { coordinates, nestParameters, nestWords } from "./nest-parameters.ts";
import { pointsTogether, storePoint, storeStart } from "./nest-stores.ts";
import { andThen, type Preparer } from "./prepared.ts";
import { combine, identityOf } from "./reducers.ts";
import { type ShaderSource, word } from "./shader-source.ts";
import { WgslFunctions } from "./wgsl-functions.ts";

const workgroup = 256;
/** Points that an invocation combines one after another before it adds them to the rest: long sums stay exact. */
const serial = 256;

/** The kernel's own words: rows, points of each, logarithm of the lanes. */
const own = { rows: 0, points: 1, lanes: 2 } as const;
const ownWords = 3;

type Reduction = NestOp & { readonly kind: "reduction" };

/** How many invocations share a row: a power of two, so that each has some points to walk over. */
function lanesFor(points: number): number {
  let lanes = 1;
  while (lanes < workgroup && lanes * 4 < points) lanes *= 2;
  return lanes;
}

/** Prepares a fusion of kind rows. */
export const prepareRows: Preparer = (workshop, fusion, donated) => {
  const nest = loopNest(fusion);
  const arranged = arrangement(workshop, fusion, nest, donated);
  if ("refused" in arranged) return arranged;
  const { extents } = nest;
  const points = extents.at(-1)!;
  const rows = extents.slice(0, -1).reduce((product, extent) => product * extent, 1);
  const together = pointsTogether(nest);
  const lanes = together > 1 ? 1 : lanesFor(points);
  const words = nestParameters(nest, nestWords(nest, ownWords));
  words[own.rows] = rows;
  words[own.points] = points;
  words[own.lanes] = Math.log2(lanes);
  const workgroups = Math.ceil((Math.ceil(rows / together) * lanes) / workgroup);
  const kernel = workshop.pipelines.get(arranged.key, () => rowsSource(nest, arranged));
  return andThen(kernel, (made) => ({
    run: arranged.arrange((buffers, site) =>
      workshop.recorder.dispatch({ kernel: made, buffers, words, workgroups, site }),
    ),
  }));
};

function rowsSource(nest: LoopNest, arranged: Arrangement): ShaderSource {
  const functions = new WgslFunctions();
  const places = nestWords(nest, ownWords);
  const { ops, stores } = nest;
  const row = nest.extents.length - 1;
  const together = pointsTogether(nest);
  const { pass, perRow, count: passes } = rowPasses(nest);
  const bindings = { input: arranged.input, given: (op: number): string => `sum${op}` };
  const lines = (list: readonly number[], rank: number): string[] =>
    list.flatMap((op) => nestBody(nest, functions, places, bindings, op, op + 1, rank));
  const isReduction = (op: number): boolean => ops[op]!.kind === "reduction";
  const all = ops.map((_, op) => op);
  const reductionsOf = (p: number): number[] => all.filter((op) => isReduction(op) && pass[op] === p);
  /** What is one value a row and can be computed before pass `p`, or behind the last one. */
  const before = (p: number): number[] =>
    all.filter((op) => perRow[op] && !isReduction(op) && (p < passes ? pass[op] === p : pass[op]! >= p));
  const spread = stores.filter(({ strides }) => strides[row] !== 0);
  const single = stores.filter(({ strides }) => strides[row] === 0);

  const passLines = (p: number): string[] => {
    const reductions = reductionsOf(p);
    const stored = p === passes - 1 ? spread : [];
    const roots = [
      ...reductions.map((op) => (ops[op] as Reduction).arg),
      ...stored.map(({ value }) => value),
    ];
    const point = [
      "  let i = r * points + t;",
      `  let x${row} = i32(t);`,
      ...lines(neededAtPoints(nest, perRow, roots), row + 1),
      ...reductions.map((op) => {
        const { reducer, dtype, arg } = ops[op] as Reduction;
        return `  part${op} = ${combine(functions, reducer, dtype, `part${op}`, `v${arg}`)};`;
      }),
      ...storePoint({ stores: stored }, functions, "all_points"),
    ];
    const identity = (op: number): string => {
      const { reducer, dtype } = ops[op] as Reduction;
      return identityOf(functions, reducer, dtype);
    };
    const loop =
      reductions.length === 0
        ? ["for (var t = lane; t < end; t += lanes) {", ...point, "}"]
        : [
            `for (var start = lane; start < end; start += lanes * ${serial}u) {`,
            ...reductions.map((op) => `  var part${op} = ${identity(op)};`),
            `  for (var t = start; t < min(end, start + lanes * ${serial}u); t += lanes) {`,
            ...point,
            "  }",
            ...reductions.map((op) => {
              const { reducer, dtype } = ops[op] as Reduction;
              return `  sum${op} = ${combine(functions, reducer, dtype, `sum${op}`, `part${op}`)};`;
            }),
            "}",
          ];
    return [
      ...lines(before(p), row),
      ...reductions.map((op) => `var sum${op} = ${identity(op)};`),
      ...(roots.length > 0 ? loop : []),
      ...(together > 1
        ? []
        : batchesOf(nest, reductions).flatMap((batch) => acrossLanes(nest, functions, batch))),
      ...lines(reductions, row),
    ];
  };

  const oneRow = [
    // Beyond the last row there are no points, but all invocations come to the barriers.
    "let r = min(own_row, rows - 1u);",
    "let end = select(0u, points, own_row < rows);",
    ...coordinates(places, "r", 0, row),
    "{",
    "let i = r;",
    ...Array.from({ length: passes }, (_, p) => passLines(p)).flat(),
    ...lines(before(passes), row),
    ...(single.length > 0
      ? ["if (lane == 0u && own_row < rows) {", ...storePoint({ stores: single }, functions, "rows"), "}"]
      : []),
    "}",
  ];
  return {
    inputs: arranged.inputTypes,
    outputs: arranged.outputTypes,
    words: places.length,
    faults: nestMayFault(nest),
    workgroup,
    functions,
    declarations:
      together > 1
        ? []
        : sharedArrays(
            nest,
            Array.from({ length: passes }, (_, p) => reductionsOf(p)),
          ),
    body: [
      `let rows = ${word(own.rows)};`,
      `let points = ${word(own.points)};`,
      "let all_points = rows * points;",
      `let lanes = 1u << ${word(own.lanes)};`,
      "let lane = local & (lanes - 1u);",
      `let slot = group * (${workgroup}u / lanes) + local / lanes;`,
      ...storeStart(nest),
      ...(together === 1
        ? ["let own_row = slot;", ...oneRow]
        : [
            `for (var own_row = slot * ${together}u; own_row < min((slot + 1u) * ${together}u, rows); own_row++) {`,
            ...oneRow,
            "}",
          ]),
    ],
  };
}

/** The ops at points that `roots` are computed by, in order. */
function neededAtPoints({ ops }: LoopNest, perRow: readonly boolean[], roots: readonly number[]): number[] {
  const needed = new Set<number>();
  const pending = [...roots];
  for (let op = pending.pop(); op !== undefined; op = pending.pop()) {
    if (perRow[op] || needed.has(op)) continue;
    needed.add(op);
    const made = ops[op]!;
    if (made.kind === "compute") pending.push(...made.args);
  }
  return [...needed].sort((a, b) => a - b);
}

/** Reductions that are combined across lanes at once: workgroup memory is short. */
const atOnce = 4;

/** Some reductions of one pass with the workgroup memory of each, which those of other passes have, too. */
type Batch = readonly (readonly [op: number, memory: string])[];

function batchesOf({ ops }: LoopNest, reductions: readonly number[]): Batch[] {
  const memory = (op: number, place: number): string =>
    `shared_${elementType(ops[op]!.dtype).value}_${place}`;
  return Array.from({ length: Math.ceil(reductions.length / atOnce) }, (_, batch) =>
    reductions
      .slice(batch * atOnce, (batch + 1) * atOnce)
      .map((op, place) => [op, memory(op, place)] as const),
  );
}

/** The workgroup memory of all passes. */
function sharedArrays(nest: LoopNest, passes: readonly (readonly number[])[]): string[] {
  const types = new Map(
    passes
      .flatMap((reductions) => batchesOf(nest, reductions))
      .flatMap((batch) => batch.map(([op, memory]) => [memory, elementType(nest.ops[op]!.dtype).value])),
  );
  return [...types].map(([memory, type]) => `var<workgroup> ${memory}: array<${type}, ${workgroup}>;`);
}

/** Gives every lane of a row what all of them have together. */
function acrossLanes(nest: LoopNest, functions: WgslFunctions, batch: Batch): string[] {
  return [
    ...batch.map(([op, memory]) => `${memory}[local] = sum${op};`),
    "for (var step = lanes / 2u; step > 0u; step = step / 2u) {",
    "  workgroupBarrier();",
    "  if (lane < step) {",
    ...batch.map(([op, memory]) => {
      const { reducer, dtype } = nest.ops[op] as Reduction;
      return `    ${memory}[local] = ${combine(functions, reducer, dtype, `${memory}[local]`, `${memory}[local + step]`)};`;
    }),
    "  }",
    "}",
    "workgroupBarrier();",
    ...batch.map(([op, memory]) => `sum${op} = ${memory}[local - lane];`),
    "workgroupBarrier();",
  ];
}
