// Runs a LoopNest as its documentation says it, with the evaluator for the scalar operations: all points at once.
import { type DataOf, type DType, type NdArray, ndArray, sizeOf } from "@org/tensor";
import {
  evaluate,
  type FusionPlan,
  HloBuilder,
  type HloComputation,
  type HloDType,
  type HloInstruction,
  type LoopNest,
  loopNest,
  type Reducer,
} from "../src/index.ts";

/** Every index of `extents` in order. */
function* indices(extents: readonly number[]): Generator<number[]> {
  const count = sizeOf(extents);
  for (let i = 0; i < count; i++) {
    let rest = i;
    const index = extents.map(() => 0);
    for (let d = extents.length - 1; d >= 0; d--) {
      index[d] = rest % extents[d]!;
      rest = Math.floor(rest / extents[d]!);
    }
    yield index;
  }
}

const addresses = (extents: readonly number[], strides: readonly number[], offset: number): number[] =>
  Array.from(indices(extents), (index) => index.reduce((sum, at, d) => sum + at * strides[d]!, offset));

/** The outputs of a nest, as flat arrays. */
export function runNest(nest: LoopNest, inputs: readonly NdArray[]): NdArray[] {
  const b = new HloBuilder();
  const arrays: NdArray[] = [];
  const input = (dtype: HloDType, values: ArrayLike<number | bigint>): HloInstruction => {
    const array = ndArray(dtype as DType, [values.length]);
    for (let i = 0; i < values.length; i++) (array.data as unknown as (number | bigint)[])[i] = values[i]!;
    arrays.push(array);
    return b.parameter(dtype, [values.length]);
  };
  const { extents, outerRank, ops, inner, kind } = nest;
  const outer = extents.slice(0, outerRank);
  const reduced = sizeOf(extents.slice(outerRank));
  const product =
    nest.dot && input(inputs[nest.dot.lhs.parameter]!.dtype as HloDType, productOf(nest, inputs));
  const made: HloInstruction[] = [];
  const reducedRows = (arg: HloInstruction, reducer: Reducer): HloInstruction => {
    const rows = [sizeOf(outer), reduced];
    const result = b.reduce(b.reshape(arg, rows), reducer, [1]);
    return b.reshape(b.broadcast(result, rows, [0]), [sizeOf(extents)]);
  };
  ops.forEach((op, i) => {
    // Of rows all ops are made at every point; where one value a row is wanted, all of the row's are the same.
    const space = kind === "reduce" && i >= inner ? outer : extents;
    const size = sizeOf(space);
    switch (op.kind) {
      case "load": {
        const { parameter, strides, offset } = nest.loads[op.load]!;
        const data = inputs[parameter]!.data as DataOf<"float32">;
        made.push(
          input(
            op.dtype,
            addresses(space, strides, offset).map((at) => data[at]!),
          ),
        );
        return;
      }
      case "literal":
        made.push(b.broadcastTo(b.scalar(op.dtype, nest.literals[op.literal]!), [size]));
        return;
      case "index": {
        const { strides, offset } = nest.indices[op.index]!;
        made.push(b.convert(input("int32", addresses(space, strides, offset)), op.dtype));
        return;
      }
      case "compute": {
        const args = op.args.map((arg) => made[arg]!);
        const attributes = op.direction && { direction: op.direction };
        made.push(b.instruction(op.opcode, args, attributes, { dtype: op.dtype, dims: [size] }));
        return;
      }
      case "reduction":
        made.push(
          kind === "rows"
            ? reducedRows(made[op.arg]!, op.reducer)
            : b.reduce(b.reshape(made[op.arg]!, [size, reduced]), op.reducer, [1]),
        );
        return;
      case "product":
        made.push(product!);
    }
  });
  const results = evaluate(b.build(nest.stores.map(({ value }) => made[value]!)), arrays);
  return nest.stores.map((store, i) => {
    const values = results[i]!.data as DataOf<"float32">;
    const places = addresses(kind === "rows" ? extents : outer, store.strides, store.offset);
    const out = ndArray(store.dtype as DType, [new Set(places).size]);
    places.forEach((at, k) => {
      (out.data as DataOf<"float32">)[at] = values[k]!;
    });
    return out;
  });
}

function productOf(nest: LoopNest, inputs: readonly NdArray[]): Float64Array {
  const { k, lhs, rhs } = nest.dot!;
  const [batch, m, n] = nest.extents as [number, number, number];
  const a = inputs[lhs.parameter]!.data as Float32Array;
  const c = inputs[rhs.parameter]!.data as Float32Array;
  const out = new Float64Array(batch * m * n);
  for (const [g, i, j] of indices([batch, m, n]) as Generator<[number, number, number]>)
    for (let p = 0; p < k; p++)
      out[(g * m + i) * n + j]! +=
        a[lhs.offset + g * lhs.strides[0] + i * lhs.strides[1] + p * lhs.strides[2]]! *
        c[rhs.offset + g * rhs.strides[0] + p * rhs.strides[1] + j * rhs.strides[2]]!;
  return out;
}

/** Runs every step by its loops where it has some, else by the evaluator. */
export function runPlanByLoops(
  plan: FusionPlan,
  computation: HloComputation,
  inputs: readonly NdArray[],
): NdArray[] {
  const values: NdArray[] = [];
  plan.parameters.forEach((value, i) => {
    values[value] = inputs[i]!;
  });
  for (const { value, data } of plan.constants) values[value] = data;
  for (const { fusion, inputs: from, outputs } of plan.steps) {
    const given = from.map((value, i) => ({
      ...values[value]!,
      shape: fusion.computation.parameters[i]!.dims,
    }));
    const results =
      fusion.kind === "single" ? evaluate(fusion.computation, given) : runNest(loopNest(fusion), given);
    outputs.forEach((value, i) => {
      values[value] = results[i]!;
    });
  }
  return computation.roots.map((root, i) => ({ ...values[plan.roots[i]!]!, shape: root.dims }));
}
