// cumulative: a running combination along one dimension. An invocation a line, which is little work for a GPU where lines are
// few and long: those a workgroup takes together, a stretch of 256 elements at a time.
import { attributesOf, type HloDType, type Reducer } from "@org/hlo";
import { sizeOf } from "@org/tensor";
import { argumentWords, declareArguments, refusal } from "./element-kernel.ts";
import { elementType } from "./element-types.ts";
import { andThen, together } from "./prepared.ts";
import { combine, identityOf } from "./reducers.ts";
import type { ShaderSource } from "./shader-source.ts";
import type { SinglePreparer } from "./single-kernel.ts";
import { WgslFunctions } from "./wgsl-functions.ts";

const workgroup = 256;
/** Lines from which on each is an invocation's own. */
const manyLines = 4096;

/** `step` is what an element is apart from the one before it, in either direction; in two's complement. */
const names = ["lines", "extent", "inner", "step", "start"];

/** Where line `line` begins. */
const lineStart = "line / inner * (extent * inner) + line % inner + start";

type Shader = (reducer: Reducer, dtype: HloDType, exclusive: boolean) => ShaderSource;

function source(
  reducer: Reducer,
  dtype: HloDType,
  functions: WgslFunctions,
  body: readonly string[],
  memory: readonly string[] = [],
): ShaderSource {
  const { array } = elementType(dtype);
  return {
    inputs: [array],
    outputs: [array],
    words: names.length,
    workgroup,
    functions,
    declarations: memory,
    body: [...declareArguments(names), `let identity = ${identityOf(functions, reducer, dtype)};`, ...body],
  };
}

const lineSource: Shader = (reducer, dtype, exclusive) => {
  const functions = new WgslFunctions();
  const next = combine(functions, reducer, dtype, "running", "in0[at]");
  return source(reducer, dtype, functions, [
    `let line = group * ${workgroup}u + local;`,
    "if (line >= lines) { return; }",
    `var at = ${lineStart};`,
    "var running = identity;",
    "for (var k = 0u; k < extent; k++) {",
    ...(exclusive
      ? [`  let before = running;`, `  running = ${next};`, "  out0[at] = before;"]
      : [`  running = ${next};`, "  out0[at] = running;"]),
    "  at += step;",
    "}",
  ]);
};

/** Doubling steps in workgroup memory: after the step of width w each element holds the combination of 2w of them. */
const stretchSource: Shader = (reducer, dtype, exclusive) => {
  const functions = new WgslFunctions();
  const { array } = elementType(dtype);
  const both = combine(functions, reducer, dtype, "earlier", "own");
  const withRunning = combine(functions, reducer, dtype, "running", "own");
  return source(
    reducer,
    dtype,
    functions,
    [
      "let line = group;",
      "if (line >= lines) { return; }",
      `let first = ${lineStart};`,
      "var running = identity;",
      `for (var begin = 0u; begin < extent; begin += ${workgroup}u) {`,
      "  let k = begin + local;",
      "  var own = identity;",
      "  if (k < extent) { own = in0[first + k * step]; }",
      "  stretch[local] = own;",
      "  workgroupBarrier();",
      `  for (var width = 1u; width < ${workgroup}u; width *= 2u) {`,
      "    var earlier = identity;",
      "    if (local >= width) { earlier = stretch[local - width]; }",
      "    workgroupBarrier();",
      "    if (local >= width) {",
      `      own = ${both};`,
      "      stretch[local] = own;",
      "    }",
      "    workgroupBarrier();",
      "  }",
      exclusive
        ? "  if (local == 0u) { own = identity; } else { own = stretch[local - 1u]; }"
        : "  own = stretch[local];",
      `  if (k < extent) { out0[first + k * step] = ${withRunning}; }`,
      `  own = stretch[${workgroup - 1}u];`,
      `  running = ${withRunning};`,
      "  workgroupBarrier();",
      "}",
    ],
    [`var<workgroup> stretch: array<${array}, ${workgroup}>;`],
  );
};

/** Inclusive or exclusive, forwards or in reverse. */
export const prepareCumulative: SinglePreparer = ({ pipelines, recorder }, instruction) => {
  const { reducer, dimension, exclusive, reverse } = attributesOf(instruction, "cumulative");
  const { dtype, dims } = instruction;
  if (elementType(dtype).perWord > 1) return refusal(`cumulative of ${dtype}`);
  const extent = dims[dimension]!;
  const inner = sizeOf(dims.slice(dimension + 1));
  const lines = extent === 0 ? 0 : sizeOf(dims) / extent;
  const [step, start] = reverse ? [-inner, (extent - 1) * inner] : [inner, 0];
  const words = argumentWords([lines, extent, inner, step, start]);
  const structure = `${reducer} ${dtype} ${exclusive}`;
  const kernels = [
    pipelines.get(`cumulative lines ${structure}`, () => lineSource(reducer, dtype, exclusive)),
    pipelines.get(`cumulative stretches ${structure}`, () => stretchSource(reducer, dtype, exclusive)),
  ];
  return andThen(together(kernels), ([byLine, byStretch]) => {
    const [kernel, workgroups] =
      lines >= manyLines || extent <= 16 ? [byLine!, Math.ceil(lines / workgroup)] : [byStretch!, lines];
    return {
      run: ([x], [to], site) => recorder.dispatch({ kernel, buffers: [x!, to!], words, workgroups, site }),
    };
  });
};
