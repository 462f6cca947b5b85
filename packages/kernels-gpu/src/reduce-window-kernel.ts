// reduceWindow: each element of the result combines what its window covers. Halves are rounded once, at the end.
import { attributesOf, type HloDType } from "@org/hlo";
import { sizeOf } from "@org/tensor";
import { argumentWords, prepareElements } from "./element-kernel.ts";
import { elementType, loadElement } from "./element-types.ts";
import { coordinates } from "./moving-kernels.ts";
import { andThen } from "./prepared.ts";
import { combine, identityOf } from "./reducers.ts";
import type { SinglePreparer } from "./single-kernel.ts";
import { isStretched, overWindow, rowsIndex, windowNames, windowValues } from "./window-places.ts";

/** The type that values of `dtype` are combined in. */
export const sumType = (dtype: HloDType): HloDType =>
  elementType(dtype).value === "f32" ? "float32" : dtype;

/** Over each window; padding and what lies between dilated elements do not count. */
export const prepareReduceWindow: SinglePreparer = (workshop, instruction) => {
  const { reducer, window } = attributesOf(instruction, "reduceWindow");
  const { dtype, dims } = instruction;
  const x = instruction.operands[0]!;
  const rank = dims.length;
  const words = argumentWords(windowValues(window, dims, x.dims));
  const elements = sizeOf(dims);
  const stretched = isStretched(window);
  const prepared = prepareElements(workshop, {
    key: `reduceWindow ${reducer} ${dtype} ${rank}${stretched ? " stretched" : ""}`,
    inputs: [elementType(dtype).array],
    element: { kind: "value", dtype },
    names: windowNames(rank),
    signed: true,
    lines: (functions) => {
      const element = loadElement(functions, dtype, "in0", "source");
      return [
        ...coordinates(rank),
        `var result = ${identityOf(functions, reducer, sumType(dtype))};`,
        ...overWindow(rank, stretched, [
          `let source = u32(${rowsIndex(rank, "0")});`,
          `result = ${combine(functions, reducer, sumType(dtype), "result", element)};`,
        ]),
      ];
    },
  });
  return andThen(prepared, (run) => ({
    run: ([input], [output], site) => run([input!], output!, elements, words, site),
  }));
};
