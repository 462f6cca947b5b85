// What the ports of TensorFlow's saver_test.py share: variables of both kinds, a table with a saveable of its own, graphs with a session each.
import { isTfError } from "@org/errors";
import { type FileSystem, memoryFileSystem } from "@org/io";
import { applyOne, applyOp, type TensorLike } from "@org/ops";
import type { SaveableObject } from "@org/saver";
import { expect } from "vitest";
import * as tf from "../../src/index.ts";

export type AnyVariable = tf.Variable | tf.ResourceVariable;

/** TensorFlow 1.0's tests make variables by reference, 1.15's resource variables. */
export const kinds = ["ref", "resource"] as const;
export type Kind = (typeof kinds)[number];

/** A variable of that kind in the default graph; numbers are float32, as Python's are, unless `dtype` says otherwise. */
export function variable(
  kind: Kind,
  value: ConstructorParameters<typeof tf.Variable>[0],
  name?: string,
  options: { readonly dtype?: tf.DType; readonly cachingDevice?: string } = {},
): AnyVariable {
  const all = { dtype: "float32" as const, ...options, ...(name === undefined ? {} : { name }) };
  return kind === "ref" ? new tf.Variable(value, all) : new tf.ResourceVariable(value, all);
}

/** Files of one test, with the directory "dir" in them. */
export async function files(): Promise<FileSystem> {
  const fs = memoryFileSystem();
  await fs.makeDirectory("dir");
  return fs;
}

/** Builds in a graph of its own, and opens a session on it. */
export function inGraph<T>(fs: FileSystem, build: () => T): T & { readonly sess: tf.Session } {
  const graph = new tf.Graph();
  const built = graph.asDefault(build);
  return { ...built, sess: new tf.Session({ graph, fs, backends: ["evaluator"] }) };
}

/** Initializes all global variables of a session's graph. */
export async function initialize(sess: tf.Session): Promise<void> {
  await sess.run(sess.graph.asDefault(() => tf.globalVariablesInitializer()));
}

/** The value as nested numbers or strings. */
export async function evaluate(sess: tf.Session, what: AnyVariable | tf.Tensor | string): Promise<unknown> {
  const value = await sess.run(what as tf.Tensor);
  return value.dtype === "string" ? tf.toStrings(value) : tf.toArray(value);
}

/** Checks that an attempt fails with this code and with these words in its sentence or hint. */
export async function fails(attempt: () => unknown, code: string, words: string): Promise<void> {
  const error = await Promise.resolve()
    .then(attempt)
    .then(
      () => undefined,
      (thrown: unknown) => thrown,
    );
  if (!isTfError(error)) throw new Error(`No TfError: ${String(error)}`, { cause: error });
  expect(error.code).toBe(code);
  expect(`${error.sentence}\n${error.hint ?? ""}`).toContain(words);
}

/** A table of strings and floats with a saveable of its own, as saver_test_utils.CheckpointedOp. */
export class CheckpointedOp {
  readonly name: string;
  readonly tableRef: tf.Tensor;
  readonly saveable: SaveableObject;

  constructor(name: string) {
    this.name = name;
    const graph = tf.getDefaultGraph();
    this.tableRef = applyOne("MutableHashTableV2", [], {
      graph,
      name,
      attrs: { key_dtype: "string", value_dtype: "float32" },
    });
    const exported = this.export();
    this.saveable = {
      op: this,
      name,
      specs: ["keys", "values"].map((part, i) => ({
        tensor: exported[i]!,
        sliceSpec: "",
        name: `${name}-${part}`,
        dtype: exported[i]!.dtype,
        device: exported[i]!.device,
      })),
      restore: (tensors) => applyOp("LookupTableImportV2", [this.tableRef, tensors[0]!, tensors[1]!]),
    };
    tf.addToCollection("saveable_objects", this.saveable);
  }

  insert(keys: TensorLike, values: TensorLike): tf.Operation {
    return applyOp("LookupTableInsertV2", [this.tableRef, keys, values]);
  }

  /** Keys and values as they are in the session. */
  async contents(sess: tf.Session): Promise<[keys: string[], values: number[]]> {
    const [keys, values] = await sess.run(sess.graph.asDefault(() => this.export()));
    return [tf.toStrings(keys!), tf.toNumbers(values!)];
  }

  private export(): readonly tf.Tensor[] {
    return applyOp("LookupTableExportV2", [this.tableRef], {
      attrs: { Tkeys: "string", Tvalues: "float32" },
    }).outputs;
  }
}
