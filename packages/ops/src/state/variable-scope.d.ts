import { type Graph, type Tensor } from "@org/graph";
import { type DType, Shape } from "@org/tensor";
import { ResourceVariable, Variable } from "@org/variables";
import { type Initializer } from "../random/initializers.ts";
import type { TensorLike } from "../tensor-like.ts";
/** A variable of either kind. */
export type AnyVariable = Variable | ResourceVariable;
/** true: variables must be there; false: must not; AUTO_REUSE: either. */
export type Reuse = boolean | typeof AUTO_REUSE;
/** tf.AUTO_REUSE: make variables that are not there, share those that are. */
export declare const AUTO_REUSE: unique symbol;
/** Makes or changes what getVariable returns; calls `getter` for the variable itself. */
export type CustomGetter = (
  getter: (name: string, options: GetVariableOptions) => Tensor | AnyVariable,
  name: string,
  options: GetVariableOptions,
) => Tensor | AnyVariable;
/** What a scope hands down to the getVariable calls in it. */
export interface ScopeDefaults {
  /** How variables start. A value (number, array, tensor) gives them its shape, too. */
  readonly initializer?: Initializer | TensorLike | undefined;
  /** Makes a loss of a new variable; it goes to the collection regularization_losses. */
  readonly regularizer?: ((variable: AnyVariable) => Tensor | undefined) | undefined;
  readonly cachingDevice?: string | undefined;
  readonly customGetter?: CustomGetter | undefined;
  readonly dtype?: DType | undefined;
  /** ResourceVariable instead of Variable. */
  readonly useResource?: boolean | undefined;
  readonly constraint?: ((value: Tensor) => Tensor) | undefined;
}
export interface VariableScopeOptions extends ScopeDefaults {
  readonly reuse?: Reuse | undefined;
  /** The scope's name where `nameOrScope` is null: made unique. */
  readonly defaultName?: string | undefined;
  /** false: stay in the current name scope. Default true. */
  readonly auxiliaryNameScope?: boolean | undefined;
  readonly graph?: Graph | undefined;
}
export interface GetVariableOptions extends ScopeDefaults {
  readonly shape?: Shape | readonly (number | null)[] | undefined;
  readonly reuse?: Reuse | undefined;
  readonly trainable?: boolean | undefined;
  readonly collections?: readonly string[] | undefined;
  readonly validateShape?: boolean | undefined;
  readonly synchronization?: number | undefined;
  readonly aggregation?: number | undefined;
  /** Not supported yet. */
  readonly partitioner?: undefined;
  readonly graph?: Graph | undefined;
}
/** A variable scope: a name that variables get in front, and what getVariable falls back to. */
export declare class VariableScope {
  readonly graph: Graph;
  readonly name: string;
  readonly reuse: Reuse;
  readonly defaults: ScopeDefaults;
  /** The name scope that was opened with it, "a/b/". */
  readonly originalNameScope: string;
  constructor(graph: Graph, name: string, reuse: Reuse, defaults: ScopeDefaults, originalNameScope: string);
}
/** tf.get_variable_scope: the scope that getVariable works in now. */
export declare function getVariableScope(graph?: Graph): VariableScope;
/**
 * Runs `fn` in a variable scope, and in a name scope of the same name. `nameOrScope` is a name below the current scope, a scope that
 * is re-entered, or null for a unique name made of `defaultName`. As tf.variable_scope.
 * Throws a TypeError where there is neither a name nor a default one, or where `reuse` is asked of a scope without a name.
 */
export declare function variableScope<R>(
  nameOrScope: string | VariableScope | null,
  fn: (scope: VariableScope) => R,
  options?: VariableScopeOptions,
): R;
/**
 * The variable of that name in the current scope: a new one, or, as the scope's `reuse` says, the one that is there. Floats start as
 * Glorot's uniform numbers unless an initializer says otherwise, others as zeros. As tf.get_variable.
 * Throws TfError ALREADY_EXISTS or NOT_FOUND where reuse does not fit, INVALID_ARGUMENT where shape or type do not, UNIMPLEMENTED for partitioners.
 */
export declare function getVariable(name: string, options?: GetVariableOptions): AnyVariable;
export declare function getVariable(
  name: string,
  shape: Shape | readonly (number | null)[] | undefined,
  options?: GetVariableOptions,
): AnyVariable;
