// scatter: updates combined into rows, in index order whatever the GPU does first, so that runs repeat bit for bit and "set"
// keeps the last one. Floats have no atomic addition in WGSL, and a loop of compareExchange would sum in any order. So a first
// dispatch links each update to the next one with its index; then the first of each chain is combined by one invocation
// a column, down the chain. Linking compares all pairs: for many indices the GPU refuses.
import { attributesOf, type Combiner, type HloDType, type HloInstruction } from "@org/hlo";
import { sizeOf } from "@org/tensor";
import { argumentWords, declareArguments, refusal } from "./element-kernel.ts";
import { elementType } from "./element-types.ts";
import { indexArray, indexFault, readIndex } from "./gather-kernel.ts";
import { andThen, together } from "./prepared.ts";
import { expressionOf, mayFault, type ScalarOperation } from "./scalar-expressions.ts";
import type { ShaderSource } from "./shader-source.ts";
import type { SinglePreparer } from "./single-kernel.ts";
import { WgslFunctions } from "./wgsl-functions.ts";

const workgroup = 256;

/** Most indices: linking takes the square of their number in comparisons. */
const mostIndices = 1 << 17;

/** Links: the next position with the same index, or none; with the bit where an earlier one has it, or the index is bad. */
const none = 0x7fffffff;
const notFirst = "0x80000000u";

/** An invocation a position. */
function linkSource(dtype: HloDType): ShaderSource {
  const wide = dtype === "int64";
  return {
    inputs: [indexArray(dtype)],
    outputs: ["u32"],
    words: 2,
    faults: true,
    workgroup,
    functions: new WgslFunctions(),
    body: [
      ...declareArguments(["count", "extent"]),
      `let position = group * ${workgroup}u + local;`,
      "if (position >= count) { return; }",
      ...readIndex("in0", "position", "extent", wide),
      "if (!inRange) {",
      `  ${indexFault("position", wide)}`,
      `  out0[position] = ${notFirst};`,
      "  return;",
      "}",
      "let own = in0[INDEX(position)];",
      "var earlier = 0u;",
      `for (var at = 0u; at < position; at++) { if (in0[INDEX(at)] == own) { earlier = ${notFirst}; break; } }`,
      "var next = position + 1u;",
      "while (next < count && in0[INDEX(next)] != own) { next++; }",
      `out0[position] = earlier | select(${none}u, next, next < count);`,
    ].map((line) => line.replace(/INDEX\((\w+)\)/g, wide ? "2u * $1" : "$1")),
  };
}

/** An invocation a position and column. */
function combineSource(dtype: HloDType, indices: HloDType, combiner: Combiner): ShaderSource {
  const { array } = elementType(dtype);
  const wide = indices === "int64";
  const functions = new WgslFunctions();
  const operation: ScalarOperation | undefined =
    combiner === "set" ? undefined : { opcode: combiner, dtype, argTypes: [dtype, dtype] };
  const combined = operation ? expressionOf(functions, operation, ["value", "in1[i]"]) : "in1[i]";
  return {
    inputs: [indexArray(indices), array, "u32"],
    outputs: [array],
    words: 2,
    faults: operation !== undefined && mayFault(operation),
    workgroup,
    functions,
    body: [
      ...declareArguments(["count", "block"]),
      `let element = group * ${workgroup}u + local;`,
      "if (element >= count * block) { return; }",
      "var position = element / block;",
      "let column = element % block;",
      `if ((in2[position] & ${notFirst}) != 0u) { return; }`,
      `let place = u32(in0[${wide ? "2u * position" : "position"}]) * block + column;`,
      "var value = out0[place];",
      "loop {",
      "  let i = position * block + column;",
      `  value = ${combined};`,
      `  position = in2[position] & ${none}u;`,
      `  if (position == ${none}u) { break; }`,
      "}",
      "out0[place] = value;",
    ],
  };
}

/** Updates combined into rows of an array along axis 0; in place where the array's buffer is the result's. */
export const prepareScatter: SinglePreparer = (
  { pipelines, recorder, memory },
  instruction,
  _key,
  inPlace,
) => {
  const { combiner } = attributesOf(instruction, "scatter");
  const [x, indices] = instruction.operands as [HloInstruction, HloInstruction];
  const { dtype } = x;
  if (elementType(dtype).perWord > 1) return refusal(`scatter of ${dtype}`);
  const count = sizeOf(indices.dims);
  if (count > mostIndices) return refusal(`scatter of ${count} updates: at most ${mostIndices}`);
  const block = sizeOf(x.dims.slice(1));
  const kernels = [
    pipelines.get(`scatter links ${indices.dtype}`, () => linkSource(indices.dtype)),
    pipelines.get(`scatter ${combiner} ${dtype} ${indices.dtype}`, () =>
      combineSource(dtype, indices.dtype, combiner),
    ),
  ];
  const links = argumentWords([count, x.dims[0]!]);
  const combines = argumentWords([count, block]);
  return andThen(together(kernels), ([link, combine]) => ({
    run: ([from, at, updates], [to], site) => {
      if (!inPlace) recorder.copy(from!, 0, to!, 0, from!.bindingSize);
      const chain = memory.allocate(count * 4);
      recorder.dispatch({
        kernel: link!,
        buffers: [at!, chain],
        words: links,
        workgroups: Math.ceil(count / workgroup),
        site,
      });
      recorder.dispatch({
        kernel: combine!,
        buffers: [at!, updates!, chain, to!],
        words: combines,
        workgroups: Math.ceil((count * block) / workgroup),
        site,
        faultValue: dtype === "uint32" ? "u32" : "i32",
      });
      memory.release(chain);
    },
  }));
};
