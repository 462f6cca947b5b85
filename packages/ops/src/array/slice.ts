// Slice: a block of given size at a given place. Source: core/framework/common_shape_fns.cc (SliceShape),
// core/kernels/slice_op.cc, python/ops/array_grad.py.
import type { Tensor } from "@org/graph";
import { Shape } from "@org/tensor";
import { applyOne } from "../apply-op.ts";
import { defineOps } from "../define.ts";
import { type Grad, single } from "../gradient.ts";
import { hostNumbers } from "../lowering.ts";
import { operator } from "../math/operator.ts";
import type { OpEntry } from "../op-entry.ts";
import { type Dim, invalid, mergeShapes, numbersOf, shapeFromInput, withRank } from "../shape-rules.ts";
import type { NameOption, TensorLike } from "../tensor-like.ts";
import { concat } from "./concat.ts";
import { allBut, movesElements } from "./move-elements.ts";
import { stack } from "./pack.ts";
import { pad } from "./pad.ts";
import { reshape } from "./reshape.ts";
import { rank, shape } from "./shape-of.ts";

/** tf.slice: the block that begins at `begin` and has `size`; a size of -1 is all that remains. @tfExport slice */
export function slice(
  input: TensorLike | Grad,
  begin: TensorLike,
  size: TensorLike,
  options: NameOption = {},
): Tensor {
  return applyOne("Slice", [input, begin, size], options);
}

/** Slice. */
export const sliceOps: readonly OpEntry[] = defineOps({
  Slice: movesElements(
    {
      shape: (c) => {
        const input = c.input(0);
        const beginShape = withRank(c.input(1), 1);
        const sizeShape = withRank(c.input(2), 1);
        // begin and size have as many elements as the input has dimensions.
        const count = mergeShapes(beginShape, sizeShape).dim(0) ?? input.rank;
        if (count === null) return [Shape.unknown];
        const { dims } = withRank(input, count);
        // Not shapes, but vectors of numbers that may be known in part.
        const begin = shapeFromInput(c, 1);
        const sizes = c.inputValue(2);
        if (!sizes) {
          const partial = shapeFromInput(c, 2);
          return [partial.dims === null ? Shape.ofRank(count) : partial];
        }
        const starts = withRank(begin, sizes.data.length).dims!;
        return [
          new Shape(
            numbersOf(sizes).map((size, i): Dim => {
              if (size < -1) invalid(`Invalid size: ${size}`);
              if (size !== -1) return size;
              const dim = dims![i]!;
              const start = starts[i]!;
              if (dim === null || start === null) return start === 0 ? dim : null;
              if (start > dim) invalid(`Negative dimension size caused by subtracting ${start} from ${dim}`);
              return dim - start;
            }),
          ),
        ];
      },
      hostInputs: [1, 2],
      lower: (c) => {
        const x = c.input(0);
        const begin = hostNumbers(c, 1);
        const size = hostNumbers(c, 2);
        if (begin.length !== x.dims.length || size.length !== x.dims.length) {
          c.fail(
            "INVALID_ARGUMENT",
            `Expected begin and size arguments to be 1-D tensors of size ${x.dims.length}, but got shapes [${begin.length}] and [${size.length}] instead.`,
          );
        }
        const limit = x.dims.map((dim, i) => {
          const start = begin[i]!;
          const length = size[i] === -1 ? dim - start : size[i]!;
          if (start < 0 || start > dim) {
            c.fail("INVALID_ARGUMENT", `Expected begin[${i}] in [0, ${dim}], but got ${start}`);
          }
          if (length < 0 || start + length > dim) {
            c.fail("INVALID_ARGUMENT", `Expected size[${i}] in [0, ${dim - start}], but got ${length}`);
          }
          return start + length;
        });
        return c.builder.slice(x, begin, limit);
      },
      // The gradient padded with zeros: what was cut off before, and what after.
      gradient: single((op, grad) => {
        const [input, begin] = op.inputs as [Tensor, Tensor];
        const inputRank = rank(input);
        const sliceSize = shape(op.outputs[0]!);
        const column = stack([inputRank, 1]);
        const before = reshape(begin, column);
        const after = reshape(operator.sub(operator.sub(shape(input), sliceSize), begin), column);
        return [pad(grad, concat([before, after], 1)), undefined, undefined];
      }),
    },
    allBut(1, 2),
  ),
});
