// Fusions of kind loop: an invocation a point, or as many points as share a word of the smallest output.
import { type LoopNest, loopNest } from "@org/hlo";
import { type Arrangement, arrangement } from "./arrangement.ts";
import { nestBody, nestMayFault } from "./nest-body.ts";
import { coordinates, nestParameters, nestWords } from "./nest-parameters.ts";
import { pointsTogether, storePoint, storeStart } from "./nest-stores.ts";
import { andThen, type Preparer } from "./prepared.ts";
import { type ShaderSource, word } from "./shader-source.ts";
import { WgslFunctions } from "./wgsl-functions.ts";

const workgroup = 64;
/** Word 0 is the number of points. */
const ownWords = 1;

export const prepareLoop: Preparer = (workshop, fusion, donated) => {
  const nest = loopNest(fusion);
  const arranged = arrangement(workshop, fusion, nest, donated);
  if ("refused" in arranged) return arranged;
  const places = nestWords(nest, ownWords);
  const count = nest.extents.reduce((product, extent) => product * extent, 1);
  const words = nestParameters(nest, places);
  words[0] = count;
  const workgroups = Math.ceil(count / (pointsTogether(nest) * workgroup));
  const kernel = workshop.pipelines.get(arranged.key, () => loopSource(nest, arranged));
  return andThen(kernel, (made) => ({
    run: arranged.arrange((buffers, site) =>
      workshop.recorder.dispatch({ kernel: made, buffers, words, workgroups, site }),
    ),
  }));
};

function loopSource(nest: LoopNest, arranged: Arrangement): ShaderSource {
  const functions = new WgslFunctions();
  const places = nestWords(nest, ownWords);
  const together = pointsTogether(nest);
  const bindings = {
    input: arranged.input,
    given: (op: number): string => {
      throw new TypeError(`Op ${op} of a loop is ${nest.ops[op]!.kind}`);
    },
  };
  const rank = nest.extents.length;
  const point = [
    ...coordinates(places, "i", 0, rank),
    ...nestBody(nest, functions, places, bindings, 0, nest.ops.length, rank),
    ...storePoint(nest, functions, "count"),
  ];
  const body =
    together === 1
      ? [`let i = group * ${workgroup}u + local;`, "if (i >= count) { return; }", ...point]
      : [
          `let first = (group * ${workgroup}u + local) * ${together}u;`,
          ...storeStart(nest),
          `for (var i = first; i < min(first + ${together}u, count); i++) {`,
          ...point.map((line) => `  ${line}`),
          "}",
        ];
  return {
    inputs: arranged.inputTypes,
    outputs: arranged.outputTypes,
    words: places.length,
    faults: nestMayFault(nest),
    workgroup,
    functions,
    body: [`let count = ${word(0)};`, ...body],
  };
}
