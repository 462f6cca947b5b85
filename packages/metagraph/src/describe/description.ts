// What `describe` gives: plain data, to print or to choose from.
import type { Shape } from "@org/tensor";

/** A tensor to feed or fetch. */
export interface TensorDescription {
  /** "x:0". */
  readonly name: string;
  /** "float32"; undefined where the file does not say. */
  readonly dtype: string | undefined;
  readonly shape: Shape;
}

/** What stands behind a tensor that can be fed. */
export type InputKind =
  /** It has to be fed. */
  | "placeholder"
  /** It has a value where it is not fed. */
  | "default"
  /** A queue (or a staging area), a reader, an iterator gives it; feeding it cuts that off. */
  | "queue"
  | "reader"
  | "iterator"
  /** What is parsed or decoded from strings. */
  | "parse";

export interface InputDescription extends TensorDescription {
  readonly kind: InputKind;
}

export interface OutputDescription extends TensorDescription {
  /** Keys of signatures that name it. */
  readonly signatures: readonly string[];
}

export interface VariableDescription extends TensorDescription {
  readonly kind: "ref" | "resource";
  /** In the collection `trainable_variables`. */
  readonly trainable: boolean;
  /** Collections that it is in. */
  readonly collections: readonly string[];
  /** Bytes of its value; undefined where shape or type do not tell. */
  readonly bytes: number | undefined;
  /** Full name and spec, where it is a slice of a larger variable. */
  readonly slice?: {
    readonly fullName: string;
    readonly offset: readonly number[];
    readonly shape: readonly number[];
  };
}

export interface CollectionDescription {
  readonly key: string;
  /** What its items are in the file. */
  readonly kind: "node" | "bytes" | "int64" | "float" | "any" | "none";
  readonly count: number;
  /** Names, numbers, or strings that are printable; empty for messages. */
  readonly values: readonly (string | number | bigint)[];
}

export interface SignatureDescription {
  readonly key: string;
  readonly methodName: string;
  readonly inputs: readonly (TensorDescription & { readonly key: string })[];
  readonly outputs: readonly (TensorDescription & { readonly key: string })[];
}

/** A Saver: the MetaGraphDef's own, or one of the collection `savers`. */
export interface SaverDescription {
  readonly filenameTensor: string;
  readonly saveTensor: string;
  readonly restoreOp: string;
  readonly version: "LEGACY" | "V1" | "V2" | undefined;
  readonly sharded: boolean;
  readonly maxToKeep: number;
  /** Whether it is the MetaGraphDef's `saver_def`. */
  readonly isDefault: boolean;
}

/** A lookup table, with the nodes that fill it. */
export interface TableDescription {
  readonly name: string;
  readonly op: string;
  readonly keyDtype: string | undefined;
  readonly valueDtype: string | undefined;
  readonly initializers: readonly string[];
}

/** An op type that a registry lacks. */
export interface UnknownOpDescription {
  readonly op: string;
  readonly nodes: readonly string[];
  /** Functions in whose bodies it stands. */
  readonly functions: readonly string[];
}

/** A node that calls back into the Python program that made the graph, which no file holds. */
export interface PyFunctionDescription {
  readonly node: string;
  readonly op: string;
  readonly token: string;
}

/** What keeps the graph from being run here. */
export interface MissingDescription {
  /** With `ops`: op types that it lacks, and the nodes that have them. */
  readonly ops: readonly UnknownOpDescription[];
  readonly pyFunctions: readonly PyFunctionDescription[];
}

export interface SizeDescription {
  /** Bytes of all nodes in a file. */
  readonly nodes: number;
  /** Of those, bytes of Const nodes. */
  readonly constants: number;
  /** Bytes of the values of all variables whose shapes are known. */
  readonly variables: number;
  /** Elements of trainable variables. */
  readonly trainableParameters: number;
}

export interface Description {
  readonly tensorflowVersion: string;
  readonly metaGraphVersion: string;
  readonly tags: readonly string[];
  readonly producer: number;
  readonly minConsumer: number;
  readonly nodeCount: number;
  /** Op types by how often they occur. */
  readonly ops: readonly { readonly op: string; readonly count: number }[];
  /** Placeholders; and where queues, readers or iterators feed the graph, the tensors after them that lead to outputs. */
  readonly inputs: readonly InputDescription[];
  /** Tensors that nothing reads but gradients and summaries, and that belong to no Saver, initializer or training; then what signatures name beside them. */
  readonly outputs: readonly OutputDescription[];
  readonly signatures: readonly SignatureDescription[];
  readonly variables: readonly VariableDescription[];
  readonly savers: readonly SaverDescription[];
  readonly hasSaver: boolean;
  readonly collections: readonly CollectionDescription[];
  readonly tables: readonly TableDescription[];
  readonly functions: readonly string[];
  readonly missing: MissingDescription;
  /** The same as `missing.ops`. */
  readonly unknownOps: readonly UnknownOpDescription[];
  readonly sizes: SizeDescription;
  /** The nodes that take the most bytes, largest first. */
  readonly largestNodes: readonly { readonly name: string; readonly op: string; readonly bytes: number }[];
}
