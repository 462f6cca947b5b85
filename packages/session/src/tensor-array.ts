// A tensor array: elements that are written once and read, by default, once; and the arrays of its gradients, to which several writes of one
// element add up. The ops on it: tensor-arrays.ts. Source: core/kernels/tensor_array.{h,cc}.
import type { Operation } from "@org/graph";
import { addArrays, type DType, dtypeString, ndArray, Shape } from "@org/tensor";
import { failHeld, type Held, type HeldContext, onHost } from "./held.ts";
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

export class TensorArray implements Held {
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
