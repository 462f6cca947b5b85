// Functions of a graph from functions of JavaScript: `defun` builds a body once, under the first call, and makes nodes that call it.
// Source: python/framework/function.py (Defun, _DefinedFunction, _call) of TensorFlow 1.15.
import { TfError } from "@org/errors";
import {
  type AttrInput,
  currentGraph,
  FuncGraph,
  type Graph,
  graphToFunctionDef,
  type Operation,
  type Tensor,
} from "@org/graph";
import type { IAttrValue, IFunctionDef } from "@org/proto";
import { type DType, Shape } from "@org/tensor";
import { convertToTensor } from "../convert.ts";
import type { Gradient } from "../op-entry.ts";
import { isOptions, type NameOption, type TensorLike } from "../tensor-like.ts";
import { functionDefHash, hashSuffix } from "./function-def-hash.ts";
import { setGradientFunction } from "./gradient-functions.ts";

export interface DefunOptions {
  /** Name in the graph; default: the JavaScript function's, and a hash of the body. */
  readonly funcName?: string;
  /** A function from the arguments and the gradients of the results to the gradients of the arguments. */
  readonly gradFunc?: DefinedFunction;
  /** Builds what `gradients()` adds for a call; it is in no file. */
  readonly pythonGradFunc?: Gradient;
  /** What the arguments are called in the definition, where their types do not say: "arg0" and so on unless given. */
  readonly argNames?: readonly string[];
  /** What the results are called in the definition. */
  readonly outNames?: readonly string[];
  /** Static shapes of the results of a call. */
  readonly shapeFunc?: (call: Operation) => readonly (Shape | readonly (number | null)[] | null)[];
  /** Keep calls as they are, for TensorFlows that would put the body in their place. */
  readonly noinline?: boolean;
}

export interface CallOptions extends NameOption {
  readonly noinline?: boolean;
}

/** What a call gives: a tensor, several, or, from a function without results, the operation. */
export type CallResult<R> = R extends readonly unknown[]
  ? { readonly [K in keyof R]: Tensor }
  : R extends TensorLike
    ? Tensor
    : Operation;

/** Adds a node that calls a function in the current graph; the last argument may be options. */
export type FunctionCaller<R = unknown> = (...args: readonly (TensorLike | CallOptions)[]) => CallResult<R>;

export interface DefinedFunction<R = unknown> extends FunctionCaller<R> {
  /** Its name in graphs. */
  readonly funcName: string;
  readonly definition: IFunctionDef;
  readonly declaredInputTypes: readonly DType[];
  /** Outer tensors that calls pass on. */
  readonly capturedInputs: readonly Tensor[];
  /** Names and types of the body's stateful ops. */
  readonly statefulOps: readonly (readonly [string, string])[];
  /** Adds the function, those that it calls and its gradient to the library of `graph`. */
  addToGraph(graph: Graph): void;
  /** States its gradient. Throws TfError ALREADY_EXISTS where it has one. */
  setGradFunc(gradFunc: DefinedFunction): void;
}

/** Argument types in order, by name where names are wanted in the definition. */
export type ArgumentTypes = readonly DType[] | Readonly<Record<string, DType>>;

/**
 * A function for graphs, as `@function.Defun(*inputTypes)` makes of a Python function: `body` gets a placeholder for each argument and
 * builds what a call computes, when the function is first needed. Outer tensors that it reads are passed on by each call. Without types,
 * each call's arguments tell them, and there is a function for each combination.
 * Throws a TypeError where `body` is no function; calls and `definition` throw TfError INVALID_ARGUMENT where the number of arguments differs
 * or `body` returns null.
 */
export function defun<R>(
  inputTypes: ArgumentTypes,
  body: (...args: Tensor[]) => R,
  options?: DefunOptions,
): DefinedFunction<R>;
export function defun<R>(body: (...args: Tensor[]) => R, options?: DefunOptions): FunctionCaller<R>;
export function defun<R>(
  first: ArgumentTypes | ((...args: Tensor[]) => R),
  second?: ((...args: Tensor[]) => R) | DefunOptions,
  third: DefunOptions = {},
): DefinedFunction<R> | FunctionCaller<R> {
  if (typeof first !== "function") return defined(first, second as (...args: Tensor[]) => R, third);
  const options = (second ?? {}) as DefunOptions;
  return first.length === 0 ? defined([], first, options) : overloaded(first, options);
}

function defined<R>(
  inputTypes: ArgumentTypes,
  body: (...args: Tensor[]) => R,
  options: DefunOptions,
): DefinedFunction<R> {
  if (typeof body !== "function") throw new TypeError(`function ${String(body)} is not callable`);
  const made = new Definition(inputTypes, body, options);
  const call = (...args: readonly (TensorLike | CallOptions)[]): unknown => made.call(args);
  return Object.defineProperties(call, {
    funcName: { get: () => made.built.name },
    definition: { get: () => made.built.def },
    declaredInputTypes: { value: made.types },
    capturedInputs: { get: () => made.built.captures },
    statefulOps: { get: () => made.built.statefulOps },
    addToGraph: { value: (graph: Graph) => made.addTo(graph) },
    setGradFunc: { value: (gradFunc: DefinedFunction) => made.setGradFunc(gradFunc) },
  }) as unknown as DefinedFunction<R>;
}

/** How types are written in names of functions that have several versions. */
const typeLetters: Readonly<Partial<Record<DType, string>>> = {
  float16: "f16",
  float32: "f32",
  float64: "f64",
  int32: "i32",
  uint8: "i8",
  uint16: "u16",
  uint32: "u32",
  uint64: "u64",
  int16: "i16",
  int8: "i8",
  string: "s",
  complex64: "c64",
  complex128: "c128",
  int64: "i64",
  bool: "b",
  qint8: "qi8",
  quint8: "qu8",
  qint16: "qi16",
  quint16: "qu16",
  qint32: "qi32",
  bfloat16: "b16",
};

/** One function for each combination of argument types. Source: python/framework/function.py (_OverloadedFunction). */
function overloaded<R>(body: (...args: Tensor[]) => R, options: DefunOptions): FunctionCaller<R> {
  const versions = new Map<string, DefinedFunction<R>>();
  return (...args) => {
    const last = args.at(-1);
    const given = isOptions(last) ? args.slice(0, -1) : args;
    const tensors = given.map((value) => convertToTensor(value as TensorLike));
    const types = tensors.map(({ dtype }) => dtype);
    const unknown = types.filter((dtype) => typeLetters[dtype] === undefined);
    if (unknown.length > 0) throw new TfError("INVALID_ARGUMENT", `Unsupported dtypes: ${unknown}`);
    const key = types.map((dtype) => typeLetters[dtype]).join("");
    let version = versions.get(`${types}`);
    if (version === undefined) {
      const { funcName, ...rest } = options;
      version = defined(
        types,
        body,
        funcName === undefined ? rest : { ...rest, funcName: `${funcName}_${key}` },
      );
      versions.set(`${types}`, version);
    }
    return version(...tensors, ...(isOptions(last) ? [last as CallOptions] : []));
  };
}

interface Built {
  readonly name: string;
  readonly def: IFunctionDef;
  readonly captures: readonly Tensor[];
  readonly statefulOps: readonly (readonly [string, string])[];
  readonly graph: FuncGraph;
}

/** Attributes of a function and of its calls. */
function callAttrs(noinline: boolean | undefined): Record<string, IAttrValue> {
  return {
    ...(noinline === undefined ? {} : { _noinline: { b: noinline } }),
    _disable_call_shape_inference: { b: true },
  };
}

class Definition {
  readonly types: readonly DType[];
  readonly #names: readonly string[];
  readonly #body: (...args: Tensor[]) => unknown;
  readonly #options: DefunOptions;
  #gradFunc: DefinedFunction | undefined;
  #built: Built | undefined;

  constructor(types: ArgumentTypes, body: (...args: Tensor[]) => unknown, options: DefunOptions) {
    const named = Array.isArray(types) ? undefined : (types as Readonly<Record<string, DType>>);
    this.types = named ? Object.values(named) : (types as readonly DType[]);
    this.#names = named ? Object.keys(named) : this.types.map((_, i) => options.argNames?.[i] ?? `arg${i}`);
    this.#body = body;
    this.#options = options;
    this.#gradFunc = options.gradFunc;
  }

  /** The definition, made when it is first asked for. */
  get built(): Built {
    this.#built ??= this.#build();
    return this.#built;
  }

  #build(): Built {
    const { funcName, noinline } = this.#options;
    const base = funcName ?? (this.#body.name || "function");
    const outer = currentGraph();
    if (outer === undefined)
      throw new TypeError("No graph: call the function inside graph.asDefault(() => ...)");
    const graph = new FuncGraph(base, outer);
    graph.asDefault(() => {
      const args = this.types.map((dtype, i) => graph.addInput(this.#names[i]!, dtype));
      const result = this.#body(...args);
      if (
        result === null ||
        (Array.isArray(result) && result.some((one) => one === null || one === undefined))
      )
        throw new TfError("INVALID_ARGUMENT", `Function ${base} can not return None.`, { op: base });
      const list = result === undefined ? [] : Array.isArray(result) ? result : [result];
      graph.outputs = list.map((value) => graph.capture(convertToTensor(value as TensorLike)));
    });
    const { outNames } = this.#options;
    const def = graphToFunctionDef(graph, base, graph.inputs, graph.outputs, { outputNames: outNames });
    const suffix = this.#gradFunc ? `_${this.#gradFunc.funcName}` : "";
    const name = funcName ?? `${base}${suffix}_${hashSuffix(functionDefHash(def))}`;
    return {
      name,
      def: { ...def, signature: { ...def.signature, name }, attr: callAttrs(noinline) },
      captures: graph.captures,
      statefulOps: graph
        .getOperations()
        .filter(({ opDef }) => opDef?.isStateful)
        .map((op) => [op.name, op.type] as const),
      graph,
    };
  }

  setGradFunc(gradFunc: DefinedFunction): void {
    if (this.#gradFunc !== undefined)
      throw new TfError("ALREADY_EXISTS", `Function ${this.built.name} has a gradient function`);
    this.#gradFunc = gradFunc;
  }

  addTo(graph: Graph): void {
    const { name, def, graph: body } = this.built;
    const gradFunc = this.#gradFunc;
    const { pythonGradFunc } = this.#options;
    if (gradFunc && pythonGradFunc)
      throw new TfError("INVALID_ARGUMENT", `Gradient defined twice for function ${name}`, { op: name });
    graph.addFunction(def);
    graph.library.addLibrary(body.library.toProto());
    if (pythonGradFunc) setGradientFunction(graph.library, name, pythonGradFunc);
    if (!gradFunc) return;
    gradFunc.addToGraph(graph);
    graph.library.addGradient({ functionName: name, gradientFunc: gradFunc.funcName });
  }

  call(args: readonly (TensorLike | CallOptions)[]): unknown {
    const last = args.at(-1);
    const options = isOptions(last) ? (last as CallOptions) : {};
    const given = (isOptions(last) ? args.slice(0, -1) : args) as readonly TensorLike[];
    const { name, captures } = this.built;
    const graph = currentGraph()!;
    if (given.length !== this.types.length)
      throw new TfError(
        "INVALID_ARGUMENT",
        `Expected number of arguments: ${this.types.length + captures.length}, received: ${given.length + captures.length}`,
        { op: name },
      );
    this.addTo(graph);
    const inputs = [
      ...given.map((value, i) => convertToTensor(value, { preferredDType: this.types[i] })),
      ...captures,
    ];
    const attrs = Object.fromEntries(
      Object.entries(callAttrs(options.noinline)).map(([key, raw]): [string, AttrInput] => [key, { raw }]),
    );
    const op = graph.createOp(name, inputs, { name: options.name ?? name, attrs });
    for (const [i, shape] of (this.#options.shapeFunc?.(op) ?? []).entries())
      op.outputs[i]!.setShape(Shape.of(shape));
    if (op.outputs.length === 0) return op;
    return op.outputs.length === 1 ? op.outputs[0] : op.outputs;
  }
}
