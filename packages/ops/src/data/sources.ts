// Data sets that are made of values: a range, a tensor, the rows of a tensor.
// Source: core/kernels/data/{range,tensor,tensor_slice}_dataset_op.cc.
import { type NdArray, ndArray, Shape, sliceRows } from "@org/tensor";
import type { DataElement, DataIterator, Dataset } from "./dataset.ts";
import type { Iteration } from "./iteration.ts";

/** An iterator over what `next` gives; nothing is to be closed. */
export function source(iteration: Iteration, next: () => DataElement | undefined): DataIterator {
  return {
    next: async () => {
      await iteration.turn();
      return next();
    },
    close: () => {},
  };
}

/** start, start + step ... up to (not including) stop, as int64 scalars. */
export function rangeDataset(start: bigint, stop: bigint, step: bigint): Dataset {
  return {
    type: "RangeDataset",
    dtypes: ["int64"],
    shapes: [Shape.scalar],
    iterate: (iteration) => {
      let value = start;
      return source(iteration, () => {
        if (step > 0n ? value >= stop : value <= stop) return undefined;
        const element = [ndArray("int64", [], BigInt64Array.of(value))];
        value += step;
        return element;
      });
    },
  };
}

/** One element. */
export function tensorDataset(components: readonly NdArray[]): Dataset {
  return {
    type: "TensorDataset",
    dtypes: components.map(({ dtype }) => dtype),
    shapes: components.map(({ shape }) => new Shape(shape)),
    iterate: (iteration) => {
      let produced = false;
      return source(iteration, () => {
        if (produced) return undefined;
        produced = true;
        return components;
      });
    },
  };
}

/** The rows of tensors that have equally many. */
export function tensorSliceDataset(components: readonly NdArray[]): Dataset {
  const rows = components[0]?.shape[0] ?? 0;
  return {
    type: "TensorSliceDataset",
    dtypes: components.map(({ dtype }) => dtype),
    shapes: components.map(({ shape }) => new Shape(shape.slice(1))),
    iterate: (iteration) => {
      let row = 0;
      return source(iteration, () => {
        if (row >= rows) return undefined;
        const at = row++;
        return components.map((component) => {
          const slice = sliceRows(component, at, 1);
          return { ...slice, shape: slice.shape.slice(1) };
        });
      });
    },
  };
}
