// What Variable and ResourceVariable have in common: their options, enums, and the tests that tell variables from tensors.
// Source: python/ops/variables.py (VariableV1), core/framework/variable.proto.
import {
  type Graph,
  type Operation,
  type Tensor,
  type TensorConversionOptions,
  type TensorConvertible,
  tensorConversion,
} from "@org/graph";
import type { IVariableDef } from "@org/proto";
import type { DType, Shape, TensorLike } from "@org/tensor";
import type { SaveSliceInfo } from "./save-slice-info.ts";

/** tf.VariableSynchronization, by number as in the VariableDef. */
export const variableSynchronization = { AUTO: 0, NONE: 1, ON_WRITE: 2, ON_READ: 3 } as const;
/** tf.VariableAggregation, by number as in the VariableDef. */
export const variableAggregation = { NONE: 0, SUM: 1, MEAN: 2, ONLY_FIRST_REPLICA: 3 } as const;

/** A tensor, what converts to one (a Variable), or a value that becomes a constant. */
export type Operand = Tensor | TensorConvertible | TensorLike;

/** An initial value, or a function that makes one. */
export type InitialValue = Operand | (() => Operand);

/** Arguments of tf.Variable. */
export interface VariableOptions {
  /** The graph to build in; default: the initial value's, else the current graph. */
  readonly graph?: Graph;
  /** Adds the variable to `trainable_variables`. Default true (false for ON_READ synchronization). */
  readonly trainable?: boolean;
  /** Collections to add to; default ["variables"]. */
  readonly collections?: readonly string[];
  /** Whether the initial value's shape must be known and later values must have it. Default true. */
  readonly validateShape?: boolean;
  /** Device on which reads are cached; a function is told the reading op. */
  readonly cachingDevice?: string | ((op: Operation) => string);
  /** Default "Variable"; made unique. */
  readonly name?: string;
  /** The type that a plain initial value is converted to. */
  readonly dtype?: DType;
  /** The variable's shape; default: that of the initial value. */
  readonly shape?: Shape | readonly (number | null)[] | null;
  /** Projects an updated value, e.g. onto a norm ball; optimizers call it. */
  readonly constraint?: (value: Tensor) => Tensor;
  readonly synchronization?: number;
  readonly aggregation?: number;
}

/** Options of `assign` and its relatives. */
export interface AssignOptions {
  /** Ref variables only. Default false. */
  readonly useLocking?: boolean;
  readonly name?: string;
  /** Resource variables only: false gives the operation alone, without a read after it. Default true. */
  readonly readValue?: boolean;
}

/** The symbol-keyed members of variables: they are marked as such, and stand where a tensor is expected. */
export interface VariableMarks extends TensorConvertible {
  readonly [variableBrand]: true;
}

/** What every variable offers, ref or resource. */
export interface VariableBase extends VariableMarks {
  readonly isResource: boolean;
  /** "w:0". */
  readonly name: string;
  readonly graph: Graph;
  /** The VariableV2 or VarHandleOp. */
  readonly op: Operation;
  readonly device: string;
  readonly dtype: DType;
  readonly shape: Shape;
  readonly trainable: boolean;
  readonly synchronization: number;
  readonly aggregation: number;
  readonly constraint: ((value: Tensor) => Tensor) | undefined;
  /** Runs the initial assignment. */
  readonly initializer: Operation;
  /** undefined where the VariableDef did not name it (files of TensorFlow < 1.3). */
  readonly initialValue: Tensor | undefined;
  /** Set on the parts of a partitioned variable; a Saver keys them by the full name. */
  saveSliceInfo: SaveSliceInfo | undefined;
  value(): Tensor;
  readValue(): Tensor;
  initializedValue(): Tensor;
  isInitialized(name?: string): Tensor;
  toProto(exportScope?: string): IVariableDef | undefined;
}

/** Marks variables, also those of another copy of this package. */
export const variableBrand: unique symbol = Symbol.for("@org/variables.variable");

/** Gives a variable class its symbol-keyed members: `convert` says what stands for the variable where a tensor is expected. */
export function markVariableClass<V extends object>(
  variableClass: { readonly prototype: V },
  convert: (variable: V, options: TensorConversionOptions) => Tensor,
): void {
  Object.defineProperty(variableClass.prototype, variableBrand, { value: true });
  Object.defineProperty(variableClass.prototype, tensorConversion, {
    value(this: V, options: TensorConversionOptions = {}): Tensor {
      return convert(this, options);
    },
  });
}

/** Whether `value` is a Variable or ResourceVariable. */
export function isVariable(value: unknown): value is VariableBase {
  return (
    typeof value === "object" &&
    value !== null &&
    (value as { [variableBrand]?: unknown })[variableBrand] === true
  );
}
