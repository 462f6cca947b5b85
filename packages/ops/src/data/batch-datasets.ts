// Elements put together: batches of equal ones, and of such as are filled up. Source: core/kernels/data/{batch,padded_batch}_dataset_op.cc.
import { TfError } from "@org/errors";
import { allocateData, concatenateRows, dtypes, type NdArray, ndArray, Shape, sizeOf } from "@org/tensor";
import type { DataElement, DataIterator, Dataset } from "./dataset.ts";

const invalid = (sentence: string): never => {
  throw new TfError("INVALID_ARGUMENT", sentence);
};

/** Up to `size` elements at a time, put together by `join`; a smaller last batch goes where `dropRemainder` says so. */
function inBatches(
  own: DataIterator,
  size: number,
  dropRemainder: boolean,
  join: (elements: readonly DataElement[]) => DataElement,
): DataIterator {
  let ended = false;
  return {
    next: async () => {
      const elements: DataElement[] = [];
      while (!ended && elements.length < size) {
        const element = await own.next();
        if (element) elements.push(element);
        else ended = true;
      }
      if (elements.length === 0 || (dropRemainder && elements.length < size)) return undefined;
      return join(elements);
    },
    close: () => own.close(),
  };
}

/** One component of all elements. */
const column = (elements: readonly DataElement[], component: number): NdArray[] =>
  elements.map((element) => element[component]!);

const asRow = (array: NdArray): NdArray => ({ ...array, shape: [1, ...array.shape] });

function stacked(parts: readonly NdArray[], component: number): NdArray {
  const first = parts[0]!.shape;
  for (const [i, { shape }] of parts.entries())
    if (`${shape}` !== `${first}`)
      invalid(
        `Cannot batch tensors with different shapes in component ${component}. First element had shape ${new Shape(first)} and element ${i} had shape ${new Shape(shape)}.`,
      );
  return concatenateRows(parts.map(asRow));
}

export interface BatchSettings {
  readonly size: number;
  readonly dropRemainder: boolean;
}

/** Batches of elements, which must have equal shapes. */
export function batchDataset(input: Dataset, settings: BatchSettings): Dataset {
  const { size, dropRemainder } = settings;
  const rows = dropRemainder ? size : null;
  return {
    type: "BatchDataset",
    dtypes: input.dtypes,
    shapes: input.shapes.map((shape) => new Shape([rows]).concat(shape)),
    iterate: (iteration, place) =>
      inBatches(input.iterate(iteration, `${place}::Batch`), size, dropRemainder, (elements) =>
        elements[0]!.map((_, i) => stacked(column(elements, i), i)),
      ),
    rebuilt: (replace) => batchDataset(replace(input), settings),
  };
}

export interface PaddedBatchSettings extends BatchSettings {
  /** Of each component; null: as long as the longest. */
  readonly shapes: readonly Shape[];
  /** Scalars that components are filled up with. */
  readonly values: readonly NdArray[];
}

/** The dims that all of `parts` are filled up to. */
function paddedDims(parts: readonly NdArray[], wanted: Shape, component: number): number[] {
  const rank = wanted.dims!.length;
  const dims = wanted.dims!.map((dim) => dim ?? 0);
  for (const { shape } of parts) {
    if (shape.length !== rank)
      invalid(
        `All elements in a batch must have the same rank as the padded shape for component${component}: expected rank ${rank} but got element with rank ${shape.length}`,
      );
    for (const [d, extent] of shape.entries()) {
      if (wanted.dims![d] === null) dims[d] = Math.max(dims[d]!, extent);
      else if (extent > dims[d]!)
        throw new TfError("DATA_LOSS", "Attempted to pad to a smaller size than the input element.");
    }
  }
  return dims;
}

/** `part` in the first corner of an array of `dims`, filled up with `value`. */
function paddedTo(dims: readonly number[], part: NdArray, value: NdArray): NdArray {
  if (part.shape.every((extent, d) => extent === dims[d])) return part;
  const { width } = dtypes[part.dtype];
  const data = allocateData(part.dtype, sizeOf(dims)) as unknown as unknown[];
  const filling = value.data as ArrayLike<unknown>;
  for (let i = 0; i < data.length; i++) data[i] = filling[i % width];
  const from = part.data as ArrayLike<unknown>;
  const run = (part.shape.at(-1) ?? 1) * width;
  const runs = run === 0 ? 0 : from.length / run;
  for (let r = 0; r < runs; r++) {
    let [rest, at, stride] = [r, 0, (dims.at(-1) ?? 1) * width];
    for (let d = dims.length - 2; d >= 0; d--) {
      at += (rest % part.shape[d]!) * stride;
      rest = Math.floor(rest / part.shape[d]!);
      stride *= dims[d]!;
    }
    for (let i = 0; i < run; i++) data[at + i] = from[r * run + i];
  }
  return ndArray(part.dtype, dims, data as never);
}

/** Batches of elements that are filled up to one shape. */
export function paddedBatchDataset(input: Dataset, settings: PaddedBatchSettings): Dataset {
  const { size, dropRemainder, shapes, values } = settings;
  const rows = dropRemainder ? size : null;
  const padded = (parts: readonly NdArray[], component: number): NdArray => {
    const dims = paddedDims(parts, shapes[component]!, component);
    return concatenateRows(parts.map((part) => asRow(paddedTo(dims, part, values[component]!))));
  };
  return {
    type: "PaddedBatchDataset",
    dtypes: input.dtypes,
    shapes: shapes.map((shape) => new Shape([rows]).concat(shape)),
    iterate: (iteration, place) =>
      inBatches(input.iterate(iteration, `${place}::PaddedBatch`), size, dropRemainder, (elements) =>
        elements[0]!.map((_, i) => padded(column(elements, i), i)),
      ),
    rebuilt: (replace) => paddedBatchDataset(replace(input), settings),
  };
}
