// Cases that a recording script took from TensorFlow's kernels: how they are run here, and what is to come out.
import { Graph, type Tensor } from "@org/graph";
import { convertToNdArray, type DType, dtypes, type NdArray, ndArray, toNumbers } from "@org/tensor";
import { expect } from "vitest";
import { constant, standardOps } from "../src/index.ts";
import { MiniSession } from "./mini-session.ts";

export interface Plain {
  readonly dtype: DType;
  readonly shape: readonly number[];
  readonly values: readonly (number | string | boolean)[];
}

export interface Case {
  readonly op: string;
  readonly inputs: readonly (Plain | readonly Plain[])[];
  readonly attrs: Readonly<Record<string, never>>;
  /** What comes out, or the error. */
  readonly outputs?: readonly Plain[];
  readonly error?: string;
  /** The error's class: "InvalidArgumentError". */
  readonly code?: string;
  /** Why TensorFlow does not even make the node (its shape function says so); then there are no shapes. */
  readonly refused?: string;
  readonly shapes?: readonly (readonly (number | null)[] | null)[];
}

const special: Readonly<Record<string, number>> = {
  nan: Number.NaN,
  inf: Number.POSITIVE_INFINITY,
  "-inf": Number.NEGATIVE_INFINITY,
};

/** An int64 beyond 2^53 is written as text. */
function exact(value: number | string | boolean, dtype: DType): number | bigint {
  return dtype === "int64" ? BigInt(value as number) : number(value);
}

function number(value: number | string | boolean): number {
  return typeof value === "string" ? special[value]! : Number(value);
}

export function array({ dtype, shape, values }: Plain): NdArray {
  if (dtype === "string") {
    return ndArray(
      "string",
      shape,
      values.map((text) => Uint8Array.from(text as string, (c) => c.charCodeAt(0))),
    );
  }
  if (dtypes[dtype].kind === "complex")
    return ndArray(
      dtype,
      shape,
      dtype === "complex64" ? Float32Array.from(values, number) : Float64Array.from(values, number),
    );
  const plain = values.map((value) =>
    dtypes[dtype].kind === "float" || dtype === "int64" ? exact(value, dtype) : (value as number | boolean),
  );
  return ndArray(dtype, shape, convertToNdArray(plain, dtype).data);
}

/** Relative or absolute: a few units in the last place, by type. */
const tolerance: Partial<Record<DType, number>> = { float32: 2e-6, float64: 1e-13, float16: 2e-3 };

export type Tolerances = Partial<Record<DType, number>>;

function expectClose(actual: NdArray, expected: Plain, tolerances: Tolerances): void {
  expect({ dtype: actual.dtype, shape: actual.shape }).toEqual({
    dtype: expected.dtype,
    shape: expected.shape,
  });
  if (expected.dtype === "string") {
    expect((actual.data as Uint8Array[]).map((bytes) => String.fromCharCode(...bytes))).toEqual(
      expected.values,
    );
    return;
  }
  if (expected.dtype === "int64") {
    expect(Array.from(actual.data as BigInt64Array)).toEqual(expected.values.map((value) => BigInt(value)));
    return;
  }
  const parts: Partial<Record<DType, DType>> = { complex64: "float32", complex128: "float64" };
  const within = tolerances[expected.dtype] ?? tolerance[parts[expected.dtype] ?? expected.dtype] ?? 0;
  const found = parts[expected.dtype] ? Array.from(actual.data as Float64Array) : toNumbers(actual);
  found.forEach((x, i) => {
    const y = number(expected.values[i]!);
    const close = Object.is(x, y) || x === y || Math.abs(x - y) <= within * Math.max(1, Math.abs(y));
    if (!close) expect(`element ${i}: ${x}`).toBe(`element ${i}: ${y}`);
  });
}

/** "Add(float32[2],float32[2]) {}". */
export function title({ op, inputs, attrs }: Case): string {
  const shown = inputs.flat().map(({ dtype, shape }) => `${dtype}[${shape}]`);
  return `${op}(${shown.join(", ")}) ${JSON.stringify(attrs)}`;
}

const codes: Readonly<Record<string, string>> = {
  InvalidArgumentError: "INVALID_ARGUMENT",
  OutOfRangeError: "OUT_OF_RANGE",
  UnimplementedError: "UNIMPLEMENTED",
  FailedPreconditionError: "FAILED_PRECONDITION",
  InternalError: "INTERNAL",
  ResourceExhaustedError: "RESOURCE_EXHAUSTED",
};

/** An integer beyond 2^53 is recorded as { bigint: "9223372036854775807" }. */
function attrOf(value: unknown): never {
  if (Array.isArray(value)) return value.map(attrOf) as never;
  const big = typeof value === "object" && value !== null && "bigint" in value;
  return (big ? BigInt(value.bigint as string) : value) as never;
}

/** What the case's op gives here. */
export function runCase(one: Case): Promise<NdArray[]> {
  const graph = new Graph({ ops: standardOps });
  const inputs = graph.asDefault(() => one.inputs.map((input) => constant(array(input as Plain))));
  return new MiniSession(graph).run(graph.createOp(one.op, inputs, { attrs: one.attrs }).outputs);
}

/** Yields what tensors of a graph are. */
export type RunGraph = (graph: Graph, tensors: readonly Tensor[]) => Promise<readonly NdArray[]>;

const nodeByNode: RunGraph = (graph, tensors) => new MiniSession(graph).run(tensors);

/** Runs a case: the same shapes, values, or error come out. `tolerances` are instead of the usual ones. */
export async function expectCase(
  one: Case,
  tolerances: Tolerances = {},
  run: RunGraph = nodeByNode,
): Promise<void> {
  const graph = new Graph({ ops: standardOps });
  const inputs = graph.asDefault(() =>
    one.inputs.map((input): Tensor | Tensor[] =>
      Array.isArray(input) ? input.map((x) => constant(array(x))) : constant(array(input as Plain)),
    ),
  );
  const attrs = Object.fromEntries(Object.entries(one.attrs).map(([key, value]) => [key, attrOf(value)]));
  if (one.refused !== undefined) {
    // Python adds the node and its input shapes to the sentence.
    const sentence = one.refused.replace(/ for '[^']*' \(op: .*$/s, "");
    expect(() => graph.createOp(one.op, inputs, { attrs })).toThrow(sentence);
    return;
  }
  const op = graph.createOp(one.op, inputs, { attrs });
  expect(op.outputs.map((t) => t.shape.dims)).toEqual(one.shapes);
  const running = run(graph, op.outputs);
  if (one.error !== undefined) {
    const error = await running.then(
      () => undefined,
      (error: Error) => error,
    );
    expect((error?.message ?? "no error").split("\n")[0]).toContain(one.error);
    if (one.code !== undefined) expect((error as { code?: string }).code).toBe(codes[one.code] ?? one.code);
    return;
  }
  const results = await running;
  one.outputs!.forEach((expected, i) => {
    expectClose(results[i]!, expected, tolerances);
  });
}
