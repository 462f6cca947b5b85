// tf.data: data sets and their iterators, on the default graph where no graph is given. See @org/ops for what they do.
import * as ops from "@org/ops";
import { inDefaultGraph } from "./default-graph.ts";

/** A class whose constructor and static functions build in the default graph. */
function lifted<C extends abstract new (...args: never[]) => object>(base: C): C {
  const build = <R>(make: () => R): R => inDefaultGraph(make);
  return new Proxy(base, {
    construct: (target, args, newTarget) =>
      build(() => Reflect.construct(target as never, args, newTarget) as object),
    get: (target, key, receiver) => {
      const found: unknown = Reflect.get(target, key, receiver);
      if (typeof found !== "function" || key === "prototype") return found;
      return (...args: unknown[]) => build(() => found.apply(target, args) as unknown);
    },
  });
}

export const Dataset: typeof ops.Dataset = /* @__PURE__ */ lifted(ops.Dataset);
export type Dataset<E = unknown> = ops.Dataset<E>;
export const Iterator: typeof ops.DataIterator = /* @__PURE__ */ lifted(ops.DataIterator);
export type Iterator<E = unknown> = ops.DataIterator<E>;
export const TextLineDataset: typeof ops.TextLineDataset = /* @__PURE__ */ lifted(ops.TextLineDataset);
export type TextLineDataset = ops.TextLineDataset;
export const TFRecordDataset: typeof ops.TFRecordDataset = /* @__PURE__ */ lifted(ops.TFRecordDataset);
export type TFRecordDataset = ops.TFRecordDataset;
export const FixedLengthRecordDataset: typeof ops.FixedLengthRecordDataset = /* @__PURE__ */ lifted(
  ops.FixedLengthRecordDataset,
);
export type FixedLengthRecordDataset = ops.FixedLengthRecordDataset;
