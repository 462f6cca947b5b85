// A case of an op: arrays and attributes that go in, and what TensorFlow says of them: values and shapes, the kernel's error, or the shape
// function's refusal.
import { Graph, type OpRegistry, type Tensor } from "@org/graph";
import type { NdArray } from "@org/tensor";
import { constant, placeholder } from "../array/constant.ts";
import { standardOps } from "../registry.ts";
import type { ValueLike } from "../tensor-like.ts";
import { toNdArray } from "../to-nd-array.ts";
import { fromPlain, type PlainArray, plainDifference, type Tolerances } from "./plain-array.ts";

/** An array as recorded, or what `constant` takes: bare numbers are float32. */
export type CaseValue = PlainArray | ValueLike;

/** What goes in. An argument that is a list of tensors is an array of PlainArrays or NdArrays; `[]` is the list of none. */
export interface OpCase {
  readonly inputs: readonly (CaseValue | readonly (PlainArray | NdArray)[])[];
  /** Attributes that the inputs do not tell. An integer beyond 2^53 may be { bigint: "9223372036854775807" }. */
  readonly attrs?: Readonly<Record<string, unknown>>;
  /** Fed to placeholders of unknown rank instead of constants: what the kernel says where the shape function would speak first. */
  readonly fed?: boolean;
}

/** What comes of it. */
export interface CaseResult {
  /** Of the first outputs; the rest is not looked at. */
  readonly outputs?: readonly PlainArray[];
  /** Static shapes of all outputs: null for an unknown rank or dimension. */
  readonly shapes?: readonly (readonly (number | null)[] | null)[];
  /** Instead: the first line of the kernel's message, or a part of it. */
  readonly error?: string;
  /** The error's class in Python ("InvalidArgumentError"), or its code. */
  readonly code?: string;
  /** Instead: why the node cannot even be made (its shape function says so). */
  readonly refused?: string;
}

/** Yields what tensors of a graph are, fed with some. */
export type RunGraph = (
  graph: Graph,
  tensors: readonly Tensor[],
  feeds?: ReadonlyMap<Tensor, NdArray>,
) => Promise<readonly NdArray[]>;

export interface CheckOptions {
  /** Instead of the usual ones: a few units in the last place. */
  readonly tolerances?: Tolerances;
  /** The registry in which the op stands; standardOps unless given. */
  readonly ops?: OpRegistry;
}

/** "InvalidArgumentError" as INVALID_ARGUMENT; a code as it is. */
export function errorCode(name: string): string {
  return name
    .replace(/Error$/, "")
    .replace(/(?<=[a-z])(?=[A-Z])/g, "_")
    .toUpperCase();
}

const isPlain = (value: unknown): value is PlainArray =>
  typeof value === "object" && value !== null && "values" in value && "dtype" in value;
const isArray = (value: unknown): value is NdArray =>
  typeof value === "object" && value !== null && "data" in value && "dtype" in value;
const isList = (input: OpCase["inputs"][number]): input is readonly (PlainArray | NdArray)[] =>
  Array.isArray(input) && input.every((one) => isPlain(one) || isArray(one));

/** The array of a case's value. */
export const arrayOf = (value: CaseValue): NdArray => (isPlain(value) ? fromPlain(value) : toNdArray(value));

/** The arrays of a case, argument by argument; those of a list in a list. */
export function arraysOf({ inputs }: OpCase): (NdArray | NdArray[])[] {
  return inputs.map((input) => (isList(input) ? input.map(arrayOf) : arrayOf(input as CaseValue)));
}

function attrOf(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(attrOf);
  const big = typeof value === "object" && value !== null && "bigint" in value;
  return big ? BigInt(value.bigint as string) : value;
}

/** "Add(float32[2], float32[2]) {}". */
export function caseTitle(op: string, one: OpCase): string {
  const shown = arraysOf(one)
    .flat()
    .map(({ dtype, shape }) => `${dtype}[${shape}]`);
  return `${op}(${shown.join(", ")}) ${JSON.stringify(one.attrs ?? {})}${one.fed ? " fed" : ""}`;
}

/** Placeholders of unknown dimensions, or of unknown rank, which `feeds` learns of. */
const placeholders =
  (feeds: Map<Tensor, NdArray>, ranked: boolean) =>
  (array: NdArray): Tensor => {
    const tensor = placeholder(array.dtype, ranked ? array.shape.map(() => null) : undefined);
    feeds.set(tensor, array);
    return tensor;
  };

/** The op's outputs in a graph of its own, where `input` makes a tensor of each array. */
function build(
  op: string,
  one: OpCase,
  ops: OpRegistry,
  input: (array: NdArray) => Tensor,
): [Graph, readonly Tensor[]] {
  const graph = new Graph({ ops });
  const inputs = graph.asDefault(() =>
    arraysOf(one).map((array) => (Array.isArray(array) ? array.map(input) : input(array))),
  );
  const attrs = Object.fromEntries(
    Object.entries(one.attrs ?? {}).map(([key, value]) => [key, attrOf(value)]),
  );
  return [graph, graph.createOp(op, inputs, { attrs: attrs as Record<string, never> }).outputs];
}

function fail(what: string): never {
  throw new Error(what);
}

function same(what: string, found: unknown, wanted: unknown): void {
  const [a, b] = [JSON.stringify(found), JSON.stringify(wanted)];
  if (a !== b) fail(`${what}: ${a}, not ${b}`);
}

function compare(
  results: readonly NdArray[],
  { outputs }: CaseResult,
  tolerances: Tolerances | undefined,
): void {
  for (const [i, expected] of (outputs ?? []).entries()) {
    const wrong = plainDifference(results[i] ?? fail(`There is no output ${i}`), expected, tolerances);
    if (wrong) fail(`output ${i}: ${wrong}`);
  }
}

/**
 * Runs a case on constants; rejects with an Error that says what differs where shapes, values, or the error are not those of `result`. A result
 * that has none of them is an Error too.
 */
export async function checkCase(
  op: string,
  one: OpCase,
  result: CaseResult,
  run: RunGraph,
  { tolerances, ops = standardOps }: CheckOptions = {},
): Promise<void> {
  const { refused, error, code, shapes, outputs } = result;
  if (refused === undefined && error === undefined && outputs === undefined)
    fail("Nothing says what comes out: neither outputs, nor error, nor refused");
  const feeds = new Map<Tensor, NdArray>();
  const input = one.fed ? placeholders(feeds, false) : (array: NdArray): Tensor => constant(array);
  const make = (): [Graph, readonly Tensor[]] => build(op, one, ops, input);
  if (refused !== undefined) {
    // Python adds the node and its input shapes to the sentence.
    const sentence = refused.replace(/ for '[^']*' \(op: .*$/s, "");
    let message = "it was not refused";
    try {
      make();
    } catch (thrown) {
      message = (thrown as Error).message;
    }
    if (!message.includes(sentence)) fail(`${message}\nbut was to be refused: ${sentence}`);
    return;
  }
  const [graph, tensors] = make();
  if (shapes)
    same(
      "static shapes",
      tensors.map((tensor) => tensor.shape.dims),
      shapes,
    );
  const running = run(graph, tensors, feeds);
  if (error !== undefined) {
    const thrown = await running.then(
      () => new Error("no error"),
      (thrown: Error & { code?: string }) => thrown,
    );
    if (!thrown.message.split("\n")[0]!.includes(error)) fail(`${thrown.message}\nbut was to fail: ${error}`);
    if (code !== undefined) same("code", (thrown as { code?: string }).code, errorCode(code));
    return;
  }
  compare(await running, result, tolerances);
}

/**
 * Runs a case on placeholders, once of unknown dimensions and once of unknown rank: the static shape may say less then, but nothing that the
 * values gainsay, and the values are the same. Rejects with an Error that says what differs; for results with outputs.
 */
export async function checkUnknownShapes(
  op: string,
  one: OpCase,
  result: CaseResult,
  run: RunGraph,
  { tolerances, ops = standardOps }: CheckOptions = {},
): Promise<void> {
  for (const ranked of [true, false]) {
    const feeds = new Map<Tensor, NdArray>();
    const [graph, tensors] = build(op, one, ops, placeholders(feeds, ranked));
    const results = await run(graph, tensors, feeds);
    for (const [i, tensor] of tensors.entries()) {
      const { dims } = tensor.shape;
      const { shape } = results[i]!;
      if (dims && (dims.length !== shape.length || dims.some((dim, d) => dim !== null && dim !== shape[d])))
        fail(`output ${i} is [${shape}], its static shape ${tensor.shape}`);
    }
    compare(results, result, tolerances);
  }
}
