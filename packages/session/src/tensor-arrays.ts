// The ops on tensor arrays (tensor-array.ts). Source: core/kernels/tensor_array_ops.cc.
import { concatenateRows, dtypeString, type NdArray, ndArray, Shape, sliceRows } from "@org/tensor";
import { failHeld, type HeldContext, type HeldKernel, integersOf, onHost } from "./held.ts";
import { TensorArray } from "./tensor-array.ts";
import type { TensorValue } from "./values.ts";

const flowOf = (c: HeldContext): TensorValue =>
  c.value({ dtype: "float32", shape: [], data: Float32Array.of(0) });

/** A handle, and a flow where the op has one. */
const handleAndFlow = (
  c: HeldContext,
  array: TensorArray,
): readonly [ReturnType<HeldContext["hold"]>, TensorValue] => [c.hold(array), flowOf(c)];

function open(c: HeldContext): TensorArray {
  const array = c.held(0, TensorArray);
  array.checkOpen(c.op);
  return array;
}

const make: HeldKernel = (c) =>
  onHost(c.tensor(0), (size) => {
    const { attrs } = c.op;
    const [count] = integersOf(size);
    if (count! < 0) failHeld(c.op, `Size should be >= 0.`);
    const name = (attrs.has("tensor_array_name") && attrs.string("tensor_array_name")) || c.op.name;
    return handleAndFlow(
      c,
      new TensorArray(name, count!, attrs.shape("element_shape"), {
        dtype: attrs.type("dtype"),
        dynamicSize: attrs.bool("dynamic_size"),
        clearAfterRead: attrs.bool("clear_after_read"),
        identicalShapes: attrs.has("identical_element_shapes") && attrs.bool("identical_element_shapes"),
        isGradient: false,
      }),
    );
  });

const grad: HeldKernel = (c) => {
  const source = c.op.attrs.string("source");
  return handleAndFlow(c, open(c).gradient(source, c.op.name));
};

const write: HeldKernel = (c) =>
  onHost(c.tensor(1), (index) => {
    const done = open(c).write(integersOf(index)[0]!, c.tensor(2).retain(), c);
    return done ? done.then(() => [flowOf(c)]) : [flowOf(c)];
  });

const read: HeldKernel = (c) => {
  const array = open(c);
  checkType(c, array);
  return onHost(c.tensor(1), (index) => [array.read(integersOf(index)[0]!, c)]);
};

function checkType(c: HeldContext, { settings }: TensorArray): void {
  const wanted = c.op.attrs.type("dtype");
  if (wanted !== settings.dtype)
    failHeld(
      c.op,
      `TensorArray dtype is ${dtypeString(settings.dtype)} but Op requested dtype ${dtypeString(wanted)}.`,
    );
}

/** Elements on the host, and given up. */
async function take(values: readonly TensorValue[]): Promise<NdArray[]> {
  try {
    return await Promise.all(values.map((value) => value.onHost()));
  } finally {
    for (const value of values) value.release();
  }
}

function taken<R>(values: readonly TensorValue[], use: (arrays: readonly NdArray[]) => R): R | Promise<R> {
  const arrays = values.map((value) => value.onHost());
  if (arrays.some((array) => array instanceof Promise)) return take(values).then(use);
  const result = use(arrays as NdArray[]);
  for (const value of values) value.release();
  return result;
}

const gather: HeldKernel = (c) =>
  onHost(c.tensor(1), (indices) => {
    const array = open(c);
    checkType(c, array);
    const at = integersOf(indices);
    if (at.length === 0) return [c.value(noElements(c, array))];
    const values = at.map((index) => array.read(index, c));
    return taken(values, (arrays) => {
      const [first] = arrays;
      for (const [i, { shape }] of arrays.entries())
        if (`${shape}` !== `${first!.shape}`)
          failHeld(
            c.op,
            `TensorArray has inconsistent shapes.  Index 0 has shape: ${new Shape(first!.shape)} but index ${i} has shape: ${new Shape(shape)}`,
          );
      const rows = arrays.map((one) => ({ ...one, shape: [1, ...one.shape] }));
      return [c.value(concatenateRows(rows))];
    });
  });

function noElements(c: HeldContext, array: TensorArray): NdArray {
  const { attrs } = c.op;
  const stated = attrs.has("element_shape") ? attrs.shape("element_shape") : Shape.unknown;
  const shape = array.elementShape.mergeWith(stated) ?? stated;
  if (!shape.isFullyDefined())
    failHeld(
      c.op,
      `TensorArray has size zero, but element shape ${shape} is not fully defined. Currently only static shapes are supported when packing zero-size TensorArrays.`,
      "UNIMPLEMENTED",
    );
  return ndArray(array.settings.dtype, [0, ...shape.toNumbers()]);
}

/** Writes the `i`th of several values at the `i`th of `indices`, one after another: some may be of one element. */
function writeAll(
  c: HeldContext,
  array: TensorArray,
  indices: readonly number[],
  valueAt: (i: number) => NdArray,
): readonly TensorValue[] | Promise<readonly TensorValue[]> {
  let last: Promise<void> | undefined;
  for (const [i, index] of indices.entries()) {
    const write = (): void | Promise<void> => array.write(index, c.value(valueAt(i)), c);
    const writing = last ? last.then(write) : write();
    if (writing) last = writing;
  }
  return last ? last.then(() => [flowOf(c)]) : [flowOf(c)];
}

const scatter: HeldKernel = (c) =>
  onHost(c.tensor(1), (indices) =>
    onHost(c.tensor(2), (value) => {
      const array = open(c);
      const at = integersOf(indices);
      if (value.shape.length === 0)
        failHeld(c.op, "Input value must have at least a vector shape but received shape: []");
      if (at.length !== value.shape[0])
        failHeld(
          c.op,
          `Expected len(indices) == values.shape[0], but saw: ${at.length} vs. ${value.shape[0]}`,
        );
      const last = Math.max(-1, ...at);
      if (!array.grow(last + 1))
        failHeld(c.op, `Max scatter index must be < array size (${last} vs. ${array.elements.length})`);
      return writeAll(c, array, at, (i) => {
        const row = sliceRows(value, i, 1);
        return { ...row, shape: row.shape.slice(1) };
      });
    }),
  );

const concat: HeldKernel = (c) => {
  const array = open(c);
  checkType(c, array);
  const count = array.elements.length;
  if (count === 0) {
    const rest = c.op.attrs.shape("element_shape_except0");
    if (!rest.isFullyDefined())
      failHeld(
        c.op,
        `TensorArray has size zero, but element_shape_except0 ${rest} is not fully defined. Currently only static shapes are supported when concatenating zero-size TensorArrays.`,
        "UNIMPLEMENTED",
      );
    return [
      c.value(ndArray(array.settings.dtype, [0, ...rest.toNumbers()])),
      c.value({ dtype: "int64", shape: [0], data: new BigInt64Array(0) }),
    ];
  }
  const values = Array.from({ length: count }, (_, i) => array.read(i, c));
  return taken(values, (arrays) => {
    for (const [i, { shape }] of arrays.entries()) {
      if (shape.length === 0)
        failHeld(
          c.op,
          `Concat saw a scalar shape at index ${i} but requires at least vectors.  Did you mean to call pack?`,
        );
      if (`${shape.slice(1)}` !== `${arrays[0]!.shape.slice(1)}`)
        failHeld(
          c.op,
          `TensorArray has inconsistent shapes.  Index 0 has (excepting dimension 0) shape: ${new Shape(arrays[0]!.shape.slice(1))} but index ${i} has (excepting dimension 0) shape: ${new Shape(shape.slice(1))}`,
        );
    }
    const lengths = BigInt64Array.from(arrays, ({ shape }) => BigInt(shape[0]!));
    return [
      c.value(concatenateRows(arrays)),
      c.value({ dtype: "int64", shape: [arrays.length], data: lengths }),
    ];
  });
};

const split: HeldKernel = (c) =>
  onHost(c.tensor(1), (value) =>
    onHost(c.tensor(2), (lengths) => {
      const array = open(c);
      const sizes = integersOf(lengths);
      if (value.shape.length === 0)
        failHeld(c.op, "Expected value to be at least a vector, but received shape: []");
      const total = sizes.reduce((sum, size) => sum + size, 0);
      if (total !== value.shape[0] || sizes.some((size) => size < 0))
        failHeld(
          c.op,
          `Expected sum of lengths to be equal to values.shape[0], but sum of lengths is ${total} and value's shape is: ${new Shape(value.shape)}`,
        );
      if (
        !array.grow(sizes.length) ||
        (!array.settings.dynamicSize && array.elements.length !== sizes.length)
      )
        failHeld(
          c.op,
          `TensorArray's size is not equal to the size of lengths (${array.elements.length} vs. ${sizes.length}), and the TensorArray is not marked as dynamically resizeable`,
        );
      let end = 0;
      const starts = sizes.map((size) => {
        end += size;
        return end - size;
      });
      return writeAll(c, array, [...sizes.keys()], (i) => sliceRows(value, starts[i]!, sizes[i]!));
    }),
  );

const size: HeldKernel = (c) => [
  c.value({ dtype: "int32", shape: [], data: Int32Array.of(open(c).elements.length) }),
];
const close: HeldKernel = (c) => {
  c.held(0, TensorArray).close();
  return [];
};

const kernels = { Grad: grad, Write: write, Read: read, Gather: gather, Scatter: scatter, Concat: concat };
const all: Readonly<Record<string, HeldKernel>> = {
  "": make,
  ...kernels,
  Split: split,
  Size: size,
  Close: close,
};

export const tensorArrayKernels: Readonly<Record<string, HeldKernel>> = Object.fromEntries(
  Object.entries(all).flatMap(([op, kernel]) => [
    [`TensorArray${op}V3`, kernel],
    [`TensorArray${op}V2`, kernel],
  ]),
);
