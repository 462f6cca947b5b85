// Fusions of kind dot: the product, and what follows it as its sums are stored.
import { type LoopNest, loopNest, type Movement, type NestLoad, type NestMatrix } from "@org/hlo";
import { type Arrangement, arrangement } from "./arrangement.ts";
import { elementType } from "./element-types.ts";
import { nestBody, nestMayFault } from "./nest-body.ts";
import { nestParameters, nestWords } from "./nest-parameters.ts";
import { pointsTogether, storePoint } from "./nest-stores.ts";
import { andThen, type Preparer, together } from "./prepared.ts";
import { type ShaderSource, signedWord, word } from "./shader-source.ts";
import { type ProductEntry, productCall, productEntries, productSource } from "./tiled-product.ts";
import { WgslFunctions } from "./wgsl-functions.ts";

type Dot = NonNullable<LoopNest["dot"]>;

/** The number of terms; then for each operand its offset and strides. */
const ownWords = 9;
const matrixWords = [1, 5] as const;

/** Prepares a fusion of kind dot. */
export const prepareDot: Preparer = (workshop, fusion, donated) => {
  const nest = loopNest(fusion);
  const dot = nest.dot!;
  if (pointsTogether(nest) > 1 || elementType(dot.lhs.dtype).perWord > 1)
    return { refused: `GPU has no kernel for a product with elements of less than 32 bits` };
  // Operands are bound as what is loaded is.
  const asLoad = ({ parameter, dtype }: NestMatrix): NestLoad => ({
    parameter,
    dtype,
    strides: [],
    offset: 0,
    movement: [],
  });
  const loads = [...nest.loads, asLoad(dot.lhs), asLoad(dot.rhs)];
  const arranged = arrangement(workshop, fusion, { ...nest, loads }, donated);
  if ("refused" in arranged) return arranged;
  const [batch, rows, columns] = nest.extents as readonly [number, number, number];
  const words = nestParameters(nest, nestWords(nest, ownWords));
  words[0] = dot.k;
  [dot.lhs, dot.rhs].forEach(({ offset, strides }, i) => {
    new Int32Array(words.buffer).set([offset, ...strides], matrixWords[i]);
  });
  const call = productCall(batch, rows, columns, dot.k);
  const kernels = productEntries.map((entry) =>
    workshop.pipelines.get(`${arranged.key} ${entry}`, () => dotSource(entry, nest, dot, arranged)),
  );
  return andThen(together(kernels), (made) => {
    const kernel = made[productEntries.indexOf(call.entry)]!;
    const { workgroups } = call;
    return {
      run: arranged.arrange((buffers, site) =>
        workshop.recorder.dispatch({ kernel, buffers, words, workgroups, site }),
      ),
    };
  });
};

function dotSource(entry: ProductEntry, nest: LoopNest, dot: Dot, arranged: Arrangement): ShaderSource {
  const functions = new WgslFunctions();
  const places = nestWords(nest, ownWords);
  const type = elementType(dot.lhs.dtype).array;
  const body = nestBody(
    nest,
    functions,
    places,
    { input: arranged.input, given: () => "sum" },
    0,
    nest.ops.length,
    3,
  );
  const [rows, columns] = [word(places.extent(1)), word(places.extent(2))];
  const element = (matrix: NestMatrix, own: number, ...indices: readonly string[]): string => {
    const terms = [signedWord(own)];
    indices.forEach((index, d) => {
      const movement: Movement = matrix.movement[d]!;
      if (movement === "unit") terms.push(`i32(${index})`);
      else if (movement === "strided") terms.push(`i32(${index}) * ${signedWord(own + 1 + d)}`);
    });
    const { name, declared } = arranged.input(matrix.parameter);
    const loaded = `${name}[u32(${terms.join(" + ")})]`;
    return declared === type ? loaded : `bitcast<${type}>(${loaded})`;
  };
  return productSource(entry, {
    functions,
    type,
    batch: word(places.extent(0)),
    rows,
    columns,
    terms: word(0),
    left: (batch, row, term) => element(dot.lhs, matrixWords[0], batch, row, term),
    right: (batch, term, column) => element(dot.rhs, matrixWords[1], batch, term, column),
    leftAlong: dot.lhs.movement[1] === "unit" ? "row" : "term",
    rightAlong: dot.rhs.movement[1] === "unit" ? "term" : "column",
    store: (batch, row, column, sum) => [`finish(${batch}, ${row}, ${column}, ${sum});`],
    inputs: arranged.inputTypes,
    outputs: arranged.outputTypes,
    words: places.length,
    faults: nestMayFault(nest),
    declarations: [
      `fn finish(batch: u32, row: u32, column: u32, sum: ${type}) {`,
      `  let i = (batch * ${rows} + row) * ${columns} + column;`,
      "  let x0 = i32(batch);",
      "  let x1 = i32(row);",
      "  let x2 = i32(column);",
      ...body,
      ...storePoint(nest, functions, "0u"),
      "}",
    ],
  });
}
