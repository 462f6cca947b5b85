// tf.lookup: lookup tables, in the default graph where no graph is given. See @org/ops for what they do. Sessions reach the files of words that
// are named here without more ado.
import * as ops from "@org/ops";
import { getDefaultGraph, inDefaultGraph, lift, liftClass } from "./default-graph.ts";
import { allowGraphFiles } from "./graph-files.ts";

/** Lets the graph that is built in reach `file`, where it is a name. */
function allow(file: unknown): void {
  if (typeof file === "string" && file !== "") allowGraphFiles(getDefaultGraph(), file);
}

/** A function whose first argument is a file of words. */
function ofFile<F extends (file: never, ...rest: never[]) => unknown>(build: F): F {
  return ((file: never, ...rest: never[]) =>
    inDefaultGraph(() => {
      const built = build(file, ...rest);
      allow(file);
      return built;
    })) as F;
}

export const DenseHashTable: typeof ops.DenseHashTable = /* @__PURE__ */ liftClass(ops.DenseHashTable);
export type DenseHashTable = ops.DenseHashTable;
export const IdTableWithHashBuckets: typeof ops.IdTableWithHashBuckets = /* @__PURE__ */ liftClass(
  ops.IdTableWithHashBuckets,
);
export type IdTableWithHashBuckets = ops.IdTableWithHashBuckets;
export const KeyValueTensorInitializer: typeof ops.KeyValueTensorInitializer = /* @__PURE__ */ liftClass(
  ops.KeyValueTensorInitializer,
);
export type KeyValueTensorInitializer = ops.KeyValueTensorInitializer;
export const MutableHashTable: typeof ops.MutableHashTable = /* @__PURE__ */ liftClass(ops.MutableHashTable);
export type MutableHashTable = ops.MutableHashTable;
export const StaticHashTable: typeof ops.StaticHashTable = /* @__PURE__ */ liftClass(ops.StaticHashTable);
export type StaticHashTable = ops.StaticHashTable;
export const StaticVocabularyTable: typeof ops.StaticVocabularyTable = /* @__PURE__ */ liftClass(
  ops.StaticVocabularyTable,
);
export type StaticVocabularyTable = ops.StaticVocabularyTable;
export const TextFileInitializer: typeof ops.TextFileInitializer = /* @__PURE__ */ new Proxy(
  ops.TextFileInitializer,
  {
    construct: (target, args, newTarget) =>
      inDefaultGraph(() => {
        const made = Reflect.construct(target, args, newTarget) as ops.TextFileInitializer;
        allow(args[0]);
        return made;
      }),
  },
);
export type TextFileInitializer = ops.TextFileInitializer;
export const indexTableFromFile: typeof ops.indexTableFromFile = /* @__PURE__ */ ofFile(
  ops.indexTableFromFile,
);
export const indexTableFromTensor: typeof ops.indexTableFromTensor = /* @__PURE__ */ lift(
  ops.indexTableFromTensor,
);
export const indexToStringTableFromFile: typeof ops.indexToStringTableFromFile = /* @__PURE__ */ ofFile(
  ops.indexToStringTableFromFile,
);
export const indexToStringTableFromTensor: typeof ops.indexToStringTableFromTensor = /* @__PURE__ */ lift(
  ops.indexToStringTableFromTensor,
);
export { TextFileIndex } from "@org/ops";
