// Matrix products in WGSL, whatever their operands are made of: a dot reads strided memory, a convolution what its window
// covers. Two shaders serve one product, so that a new batch size compiles nothing: `tiles` for large results, `slices`
// where there are few elements and long sums. What parameters mean and how results are stored is the caller's.
import type { ShaderSource } from "./shader-source.ts";
import { WgslFunctions } from "./wgsl-functions.ts";

/** A product's shaders. */
export type ProductEntry = "tiles" | "slices";

/** Both, in the order in which they are compiled. */
export const productEntries: readonly ProductEntry[] = ["tiles", "slices"];

/** What a product is of. Everything is an expression or statements in WGSL; indices are u32. */
export interface ProductParts
  extends Pick<ShaderSource, "inputs" | "outputs" | "words" | "faults" | "declarations"> {
  readonly functions?: WgslFunctions;
  /** Statements that the entry point begins with. */
  readonly prologue?: readonly string[];
  /** Type of elements and of sums. */
  readonly type: "f32" | "i32" | "u32";
  /** Matrices, rows and columns of the result, and terms of each sum: u32. */
  readonly batch: string;
  readonly rows: string;
  readonly columns: string;
  readonly terms: string;
  /** Elements of the left operand [batch, row, term] and the right one [batch, term, column]; asked for inside of bounds alone. */
  readonly left: (batch: string, row: string, term: string) => string;
  readonly right: (batch: string, term: string, column: string) => string;
  /** Along which index neighbours lie side by side in memory. */
  readonly leftAlong: "row" | "term";
  readonly rightAlong: "term" | "column";
  /** Statements that take a finished sum. */
  readonly store: (batch: string, row: string, column: string, sum: string) => readonly string[];
}

/** Threads of a workgroup, of both. */
const threads = 256;
/** `tiles`: rows and columns of a workgroup's part of the result, terms that are in workgroup memory at once. */
const tile = 64;
const depth = 8;
/** Elements apart of two terms in workgroup memory: one more than a row, so that columns lie in different banks. */
const pitch = tile + 1;
/** Rows and columns that a thread of `tiles` sums, `step` apart. */
const each = 4;
const step = tile / each;
/** `slices`: a workgroup's part is 4 rows of 16 columns, and 16 threads share each sum; before, all have loaded terms of the rows, one each. */
const sliceRows = 4;
const sliceColumns = 16;
const sliceCount = threads / sliceColumns;
/** Terms of a row that are in workgroup memory at once. */
const sliceTerms = threads;

export interface ProductCall {
  readonly entry: ProductEntry;
  readonly workgroups: number;
}

/** Fewest workgroups of `tiles` for which that is chosen where sums are long: fewer leave most of a GPU idle. */
const enoughTiles = 4;
/** The same where a tile has few columns. */
const enoughNarrowTiles = 32;
/** Shortest sum that is worth sharing. */
const longSum = 64;

/** Which shader makes a result of [batch, rows, columns] and sums of `terms`, and its workgroups. */
export function productCall(batch: number, rows: number, columns: number, terms: number): ProductCall {
  const count = (height: number, width: number): number =>
    batch * Math.ceil(rows / height) * Math.ceil(columns / width);
  const tiles = count(tile, tile);
  const sliced =
    rows <= 2 * sliceRows ||
    (terms >= longSum && tiles < (columns <= sliceColumns ? enoughNarrowTiles : enoughTiles));
  return sliced
    ? { entry: "slices", workgroups: count(sliceRows, sliceColumns) }
    : { entry: "tiles", workgroups: tiles };
}

/** The shader `entry` of a product. */
export function productSource(entry: ProductEntry, parts: ProductParts): ShaderSource {
  const { inputs, outputs, words, faults = false, declarations = [], prologue = [] } = parts;
  const { memory, body } = entry === "tiles" ? tilesSource(parts) : slicesSource(parts);
  return {
    inputs,
    outputs,
    words,
    faults,
    workgroup: threads,
    functions: parts.functions ?? new WgslFunctions(),
    declarations: [...memory, ...declarations],
    body: [...prologue, ...body],
  };
}

interface Generated {
  /** Declarations of workgroup memory. */
  readonly memory: readonly string[];
  readonly body: readonly string[];
}

/** The beginning of both: which part of the result a workgroup makes. */
function place({ batch, rows, columns }: ProductParts, height: number, width: number): string[] {
  return [
    `let rows = ${rows};`,
    `let columns = ${columns};`,
    `let across = (columns + ${width - 1}u) / ${width}u;`,
    `let down = (rows + ${height - 1}u) / ${height}u;`,
    `if (group >= ${batch} * across * down) { return; }`,
    "let batch = group / (across * down);",
    `let first_row = (group / across) % down * ${height}u;`,
    `let first_column = group % across * ${width}u;`,
  ];
}

const upTo = (count: number): number[] => Array.from({ length: count }, (_, i) => i);

function accumulate(type: ProductParts["type"], sum: string, a: string, b: string): string {
  return type === "f32" ? `${sum} = fma(${a}, ${b}, ${sum});` : `${sum} += ${a} * ${b};`;
}

/**
 * Each thread sums 4 x 4 elements, 16 apart: threads side by side read side by side. The sums go through workgroup memory, a quarter
 * at a time, so that whole rows are stored, and what follows the product stands in the shader once. Workgroup memory is kept
 * small: it is cleared at the start, which drivers in software do one element after another.
 */
function tilesSource(parts: ProductParts): Generated {
  const { type, terms, left, right, leftAlong, rightAlong, store } = parts;
  const own = upTo(each);
  const rightTile = depth * pitch;
  const load = (start: number, side: string, byTerm: boolean, limit: string, element: string): string[] => [
    "{",
    `  let at = element ${byTerm ? `% ${depth}u` : `/ ${tile}u`};`,
    `  let ${side} = element ${byTerm ? `/ ${depth}u` : `% ${tile}u`};`,
    `  let source = first_${side} + ${side};`,
    "  let term = start + at;",
    `  var value = ${type}(0);`,
    `  if (source < ${limit} && term < terms) { value = ${element}; }`,
    `  memory[at * ${pitch}u + ${side} + ${start}u] = value;`,
    "}",
  ];
  return {
    memory: [`var<workgroup> memory: array<${type}, ${Math.max(2 * rightTile, step * tile)}>;`],
    body: [
      ...place(parts, tile, tile),
      `let terms = ${terms};`,
      `let thread_row = local / ${step}u;`,
      `let thread_column = local % ${step}u;`,
      ...own.map((i) => `var sums_${i} = vec4<${type}>();`),
      `for (var start = 0u; start < terms; start += ${depth}u) {`,
      `  for (var load = 0u; load < ${(tile * depth) / threads}u; load++) {`,
      `    let element = local + load * ${threads}u;`,
      ...load(0, "row", leftAlong === "term", "rows", left("batch", "source", "term")),
      ...load(rightTile, "column", rightAlong === "term", "columns", right("batch", "term", "source")),
      "  }",
      "  workgroupBarrier();",
      `  for (var at = 0u; at < ${depth}u; at++) {`,
      `    let rights = at * ${pitch}u + thread_column + ${rightTile}u;`,
      `    let right = vec4<${type}>(${own.map((i) => `memory[rights + ${i * step}u]`).join(", ")});`,
      `    let lefts = at * ${pitch}u + thread_row;`,
      ...own.map(
        (i) => `    ${accumulate(type, `sums_${i}`, `vec4<${type}>(memory[lefts + ${i * step}u])`, "right")}`,
      ),
      "  }",
      "  workgroupBarrier();",
      "}",
      `let sums = array<vec4<${type}>, ${each}>(${own.map((i) => `sums_${i}`).join(", ")});`,
      `for (var quarter = 0u; quarter < ${each}u; quarter++) {`,
      `  let start = thread_row * ${tile}u + thread_column;`,
      "  let own = sums[quarter];",
      ...own.map((j) => `  memory[start + ${j * step}u] = own[${j}];`),
      "  workgroupBarrier();",
      `  for (var element = local; element < ${step * tile}u; element += ${threads}u) {`,
      `    let row = first_row + quarter * ${step}u + element / ${tile}u;`,
      `    let column = first_column + element % ${tile}u;`,
      "    if (row < rows && column < columns) {",
      ...store("batch", "row", "column", "memory[element]"),
      "    }",
      "  }",
      "  workgroupBarrier();",
      "}",
    ],
  };
}

/** 16 threads share each of 4 x 16 sums and add their parts up. */
function slicesSource(parts: ProductParts): Generated {
  const { type, terms, left, right, rightAlong, store } = parts;
  const byTerm = rightAlong === "term";
  const own = upTo(sliceRows);
  return {
    memory: [
      `var<workgroup> slice_sums: array<${type}, ${threads}>;`,
      `var<workgroup> left_terms: array<${type}, ${sliceRows * sliceTerms}>;`,
    ],
    body: [
      ...place(parts, sliceRows, sliceColumns),
      `let slice = local ${byTerm ? `% ${sliceCount}u` : `/ ${sliceColumns}u`};`,
      `let in_part = local ${byTerm ? `/ ${sliceCount}u` : `% ${sliceColumns}u`};`,
      "let own_column = first_column + in_part;",
      `let terms = ${terms};`,
      `var sums = vec4<${type}>();`,
      `for (var start = 0u; start < terms; start += ${sliceTerms}u) {`,
      `  for (var i = 0u; i < ${sliceRows}u; i++) {`,
      "    let source = first_row + i;",
      "    let term = start + local;",
      `    var value = ${type}(0);`,
      `    if (source < rows && term < terms) { value = ${left("batch", "source", "term")}; }`,
      `    left_terms[i * ${sliceTerms}u + local] = value;`,
      "  }",
      "  workgroupBarrier();",
      `  for (var at = slice; at < ${sliceTerms}u; at += ${sliceCount}u) {`,
      "    let term = start + at;",
      "    if (own_column < columns && term < terms) {",
      `      let value = ${right("batch", "term", "own_column")};`,
      `      let factors = vec4<${type}>(${own.map((i) => `left_terms[at + ${i * sliceTerms}u]`).join(", ")});`,
      `      ${accumulate(type, "sums", "factors", `vec4<${type}>(value)`)}`,
      "    }",
      "  }",
      "  workgroupBarrier();",
      "}",
      `for (var i = 0u; i < ${sliceRows}u; i++) {`,
      `  slice_sums[slice * ${sliceColumns}u + in_part] = sums[i];`,
      "  workgroupBarrier();",
      "  let row = first_row + i;",
      "  let column = first_column + local;",
      `  if (local < ${sliceColumns}u && row < rows && column < columns) {`,
      `    var sum = ${type}(0);`,
      `    for (var source = 0u; source < ${sliceCount}u; source++) { sum += slice_sums[source * ${sliceColumns}u + local]; }`,
      ...store("batch", "row", "column", "sum"),
      "  }",
      "  workgroupBarrier();",
      "}",
    ],
  };
}
