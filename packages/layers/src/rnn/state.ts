// States of recurrent cells: a tensor, an LSTM's two, or a list of states; and their sizes.
// Source: python/ops/rnn_cell_impl.py of TensorFlow 1.15 (_concat, _zero_state_tensors).
import { constantValue, type Graph, isTensor, type Tensor } from "@org/graph";
import { concat, convertToTensor, expandDims, type TensorLike, zeros } from "@org/ops";
import { type DType, Shape, toNumbers } from "@org/tensor";

/** tf.nn.rnn_cell.LSTMStateTuple: the memory and the output. */
export interface LSTMStateTuple<T = Tensor> {
  readonly c: T;
  readonly h: T;
}

/** A state, or anything of its form. */
export type Form<T> = T | LSTMStateTuple<T> | readonly Form<T>[];
/** What a cell hands on from step to step. */
export type State = Form<Tensor>;
/** The extents of a state but for the batch: one number, or several. */
export type Size = number | Shape;
export type StateSize = Form<Size>;

const isTuple = <T>(form: Form<T>): form is LSTMStateTuple<T> =>
  typeof form === "object" && form !== null && !isTensor(form) && "c" in form && "h" in form;

const isList = <T>(form: Form<T>): form is readonly Form<T>[] => Array.isArray(form);

/** The same form with each leaf changed. */
export function mapForm<T, R>(form: Form<T>, change: (leaf: T) => R): Form<R> {
  if (isList(form)) return form.map((one) => mapForm(one, change));
  if (isTuple(form)) return { c: change(form.c), h: change(form.h) };
  return change(form as T);
}

/** The leaves, in order. */
export function leavesOf<T>(form: Form<T>): T[] {
  if (isList(form)) return form.flatMap(leavesOf);
  if (isTuple(form)) return [form.c, form.h];
  return [form as T];
}

/** `leaves` in the form of `form`. */
export function inForm<T, R>(form: Form<T>, leaves: readonly R[]): Form<R> {
  const left = leaves.values();
  return mapForm(form, () => left.next().value as R);
}

/** Throws a TypeError where two forms differ. Source: nest.assert_same_structure. */
export function assertSameForm(a: Form<unknown>, b: Form<unknown>): void {
  const shown = (form: Form<unknown>): string => JSON.stringify(mapForm(form, () => "."));
  if (shown(a) !== shown(b))
    throw new TypeError(
      `The two structures don't have the same nested structure.\n\nFirst structure: ${shown(a)}\n\nSecond structure: ${shown(b)}`,
    );
}

const dimsOf = (size: Size): readonly (number | null)[] | null =>
  typeof size === "number" ? [size] : size.dims;

/** A batch size, and what of it is known. */
export type BatchSize = number | Tensor;

function vector(value: BatchSize | Size, graph: Graph): Tensor {
  if (isTensor(value)) return value.shape.rank === 0 ? expandDims(value, 0) : value;
  const dims = dimsOf(value as Size);
  if (dims === null || dims.includes(null))
    throw new TypeError(`Provided a prefix or suffix of None: ${value}`);
  return convertToTensor(Int32Array.from(dims as number[]), { graph });
}

/** Batch size and extents as one vector. */
export function fullShape(batch: BatchSize, size: Size, graph: Graph): Tensor {
  const first = vector(batch, graph);
  return concat([first, vector(size, graph)] as TensorLike[], 0);
}

/** The same as far as it is known when the graph is built. */
export function knownShape(batch: BatchSize | null, size: Size): Shape {
  let known: number | null = null;
  if (isTensor(batch)) {
    const value = constantValue(batch);
    known = value ? toNumbers(value)[0]! : null;
  } else known = batch as number | null;
  return new Shape([known]).concat(new Shape(dimsOf(size)));
}

/** Zeros for each size. */
export function zeroStates(sizes: StateSize, batch: BatchSize, dtype: DType, graph: Graph): State {
  return mapForm(sizes, (size): Tensor => {
    const made = zeros(fullShape(batch, size, graph), dtype);
    // Python asks for the known shape through the same function, which makes its constants again.
    vector(batch, graph);
    vector(size, graph);
    made.setShape(knownShape(batch, size));
    return made;
  });
}
