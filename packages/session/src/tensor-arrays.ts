// Tensor arrays: elements that are written once and read, by default, once; and the arrays of their gradients, to which several
// writes of one element add up. Source: core/kernels/tensor_array.{h,cc}, core/kernels/tensor_array_ops.cc.
import type { Operation } from "@org/graph";
import {
  addArrays,
  concatenateRows,
  type DType,
  dtypeString,
  type NdArray,
  ndArray,
  Shape,
  sliceRows,
} from "@org/tensor";
import { failHeld, type Held, type HeldContext, type HeldKernel, integersOf, onHost } from "./held.ts";
import type { TensorValue } from "./values.ts";

interface Element {
  value: TensorValue | undefined;
  /** Known from a write, or from the array that this one has the gradients of. */
  dims: readonly number[] | undefined;
  written: boolean;
  read: boolean;
  cleared: boolean;
}

const fresh = (): Element => ({
  value: undefined,
  dims: undefined,
  written: false,
  read: false,
  cleared: false,
});

interface Settings {
  readonly dtype: DType;
  readonly dynamicSize: boolean;
  readonly clearAfterRead: boolean;
  readonly identicalShapes: boolean;
  readonly isGradient: boolean;
}

class TensorArray implements Held {
  readonly title: string;
  readonly settings: Settings;
  readonly elements: Element[];
  /** Arrays of gradients, by the call of gradients() that they are of. */
  readonly gradients: Map<string, TensorArray> = new Map();
  elementShape: Shape;
  /** Once there is an array of gradients, its length is settled. */
  #fixed = false;
  #isClosed = false;

  constructor(name: string, size: number, elementShape: Shape, settings: Settings) {
    this.title = `TensorArray ${name}`;
    this.settings = settings;
    this.elementShape = elementShape;
    this.elements = Array.from({ length: size }, fresh);
  }

  checkOpen(op: Operation): void {
    if (this.#isClosed) failHeld(op, `${this.title} has already been closed.`);
  }

  close(): void {
    for (const element of this.elements) element.value?.release();
    this.elements.length = 0;
    this.#isClosed = true;
  }

  /** The array of gradients for `source`: zeros in the shapes of what is written here. */
  gradient(source: string, name: string): TensorArray {
    let found = this.gradients.get(source);
    if (found) return found;
    this.#fixed = true;
    const { dtype, identicalShapes } = this.settings;
    found = new TensorArray(`${name}@${source}`, this.elements.length, this.elementShape, {
      dtype,
      identicalShapes,
      dynamicSize: false,
      clearAfterRead: true,
      isGradient: true,
    });
    for (const [i, { written, dims }] of this.elements.entries())
      if (written) Object.assign(found.elements[i]!, { written: true, dims });
    this.gradients.set(source, found);
    return found;
  }

  /** Room for `size` elements. */
  grow(size: number): boolean {
    if (size <= this.elements.length) return true;
    if (!this.settings.dynamicSize || this.#fixed) return false;
    while (this.elements.length < size) this.elements.push(fresh());
    return true;
  }

  /** Takes over the reference to `value`. */
  write(index: number, value: TensorValue, c: HeldContext): void | Promise<void> {
    const { op } = c;
    if (index < 0 || !this.grow(index + 1))
      failHeld(
        op,
        `${this.title}: Tried to write to index ${index} but array is not resizeable and size is: ${this.elements.length}`,
      );
    if (value.dtype !== this.settings.dtype)
      failHeld(
        op,
        `TensorArray dtype is ${dtypeString(this.settings.dtype)} but Op is trying to write dtype ${dtypeString(value.dtype)}.`,
      );
    const shape = new Shape(value.dims);
    if (!shape.isCompatibleWith(this.elementShape))
      failHeld(
        op,
        `${this.title}: Could not write to TensorArray index ${index} because the value shape is ${shape} which is incompatible with the TensorArray's inferred element shape: ${this.elementShape} (consider setting infer_shape=False).`,
      );
    if (this.settings.identicalShapes) this.elementShape = this.elementShape.mergeWith(shape) ?? shape;
    const element = this.elements[index]!;
    if (element.read)
      failHeld(
        op,
        `${this.title}: Could not write to TensorArray index ${index} because it has already been read.`,
      );
    if (!this.settings.isGradient && element.written)
      failHeld(
        op,
        `${this.title}: Could not write to TensorArray index ${index} because it has already been written to.`,
      );
    const before = element.value;
    if (element.written && element.dims && `${element.dims}` !== `${value.dims}`)
      failHeld(
        op,
        `${this.title}: Could not aggregate to TensorArray index ${index} because the existing shape is ${new Shape(element.dims)} but the new input shape is ${shape}.`,
      );
    element.written = true;
    element.dims = value.dims;
    if (before === undefined) {
      element.value = value;
      return;
    }
    return onHost(before, (a) =>
      onHost(value, (b) => {
        element.value = c.value(addArrays(a, b));
        before.release();
        value.release();
      }),
    );
  }

  /** Element `index`, with a reference for the caller. */
  read(index: number, c: HeldContext): TensorValue {
    const { op } = c;
    const element = this.elements[index];
    if (element === undefined)
      failHeld(op, `Tried to read from index ${index} but array size is: ${this.elements.length}`);
    if (!element.written) {
      if (!this.elementShape.isFullyDefined())
        failHeld(
          op,
          `${this.title}: Could not read from TensorArray index ${index}.  Furthermore, the element shape is not fully defined: ${this.elementShape}.  It is possible you are working with a resizeable TensorArray and stop_gradients is not allowing the gradients to be written.  If you set the full element_shape property on the forward TensorArray, the proper all-zeros tensor will be returned instead of incurring this error.`,
        );
      element.dims = this.elementShape.toNumbers();
    }
    if (element.cleared)
      failHeld(
        op,
        `${this.title}: Could not read index ${index} twice because it was cleared after a previous read (perhaps try setting clear_after_read = false?).`,
      );
    element.read = true;
    const value = element.value ?? c.value(ndArray(this.settings.dtype, element.dims!));
    element.value = value;
    if (!this.settings.clearAfterRead) return value.retain();
    element.value = undefined;
    element.cleared = true;
    return value;
  }
}

/** The flow that a write passes on: nobody reads its value. */
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
