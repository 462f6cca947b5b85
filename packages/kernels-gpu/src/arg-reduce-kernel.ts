// argReduce: where the first largest or smallest element along a dimension is. A workgroup's invocations share a result: each looks at every
// so-many-th element, then they compare what they found. NaN never wins; where all are NaN the result is 0.
import { attributesOf, isFloat } from "@org/hlo";
import { elementType, loadElement } from "./element-types.ts";
import { andThen } from "./prepared.ts";
import { type ShaderSource, word } from "./shader-source.ts";
import type { SinglePreparer } from "./single-kernel.ts";
import { WgslFunctions } from "./wgsl-functions.ts";

const workgroup = 64;
/** Results, extent, distance in memory of neighbours along the dimension, logarithm of the lanes. */
const own = { results: 0, extent: 1, stride: 2, lanes: 3 } as const;

export const prepareArgReduce: SinglePreparer = ({ pipelines, recorder }, instruction) => {
  const { reducer, dimension } = attributesOf(instruction, "argReduce");
  const { dtype, dims } = instruction.operands[0]!;
  const size = (list: readonly number[]): number => list.reduce((product, extent) => product * extent, 1);
  const extent = dims[dimension]!;
  const stride = size(dims.slice(dimension + 1));
  const results = size(dims.slice(0, dimension)) * stride;
  let lanes = 1;
  while (lanes < workgroup && lanes * 4 < extent) lanes *= 2;
  const words = Uint32Array.of(results, extent, stride, Math.log2(lanes));
  const workgroups = Math.ceil((results * lanes) / workgroup);
  const kernel = pipelines.get(`argReduce ${reducer} ${dtype}`, () => source(dtype, reducer));
  return andThen(kernel, (made) => ({
    run: (inputs, outputs) =>
      recorder.dispatch({ kernel: made, buffers: [inputs[0]!, outputs[0]!], words, workgroups }),
  }));
};

function source(dtype: Parameters<typeof elementType>[0], reducer: "maximum" | "minimum"): ShaderSource {
  const functions = new WgslFunctions();
  const { array, value } = elementType(dtype);
  const isNumber = isFloat(dtype) ? `!${functions.call("isNan_f32", "value")}` : "true";
  const wins = reducer === "maximum" ? ">" : "<";
  return {
    inputs: [array],
    outputs: ["i32"],
    words: 4,
    workgroup,
    functions,
    declarations: [
      // An index of all ones: nothing was found.
      `struct Found { value: ${value}, index: u32 }`,
      `var<workgroup> finds: array<Found, ${workgroup}>;`,
      `fn better(a: Found, b: Found) -> bool {
  if (b.index == 0xffffffffu) { return false; }
  return a.index == 0xffffffffu || b.value ${wins} a.value || (b.value == a.value && b.index < a.index);
}`,
    ],
    body: [
      `let extent = ${word(own.extent)};`,
      `let stride = ${word(own.stride)};`,
      `let lanes = 1u << ${word(own.lanes)};`,
      "let lane = local & (lanes - 1u);",
      `let result = group * (${workgroup}u / lanes) + local / lanes;`,
      `let isResult = result < ${word(own.results)};`,
      "var found: Found;",
      "found.index = 0xffffffffu;",
      "if (isResult) {",
      "  let first = (result / stride) * extent * stride + result % stride;",
      "  for (var k = lane; k < extent; k += lanes) {",
      `    let value = ${loadElement(functions, dtype, "in0", "first + k * stride")};`,
      `    let next = Found(value, k);`,
      `    if (${isNumber} && better(found, next)) { found = next; }`,
      "  }",
      "}",
      "finds[local] = found;",
      "for (var step = lanes / 2u; step > 0u; step = step / 2u) {",
      "  workgroupBarrier();",
      "  if (lane < step && better(finds[local], finds[local + step])) { finds[local] = finds[local + step]; }",
      "}",
      "if (isResult && lane == 0u) {",
      "  let index = finds[local].index;",
      "  out0[result] = select(i32(index), 0, index == 0xffffffffu);",
      "}",
    ],
  };
}
