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
  readonly shapes: readonly (readonly (number | null)[] | null)[];
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
  const plain = values.map((value) =>
    dtypes[dtype].kind === "float" || dtype === "int64" ? exact(value, dtype) : (value as number | boolean),
  );
  return ndArray(dtype, shape, convertToNdArray(plain, dtype).data);
}

/** Relative or absolute: a few units in the last place, by type. */
const tolerance: Partial<Record<DType, number>> = { float32: 2e-6, float64: 1e-13, float16: 2e-3 };

function expectClose(actual: NdArray, expected: Plain): void {
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
  const within = tolerance[expected.dtype] ?? 0;
  toNumbers(actual).forEach((x, i) => {
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

/** Runs a case: the same shapes, values, or error come out. */
export async function expectCase(one: Case): Promise<void> {
  const graph = new Graph({ ops: standardOps });
  const inputs = graph.asDefault(() =>
    one.inputs.map((input): Tensor | Tensor[] =>
      Array.isArray(input) ? input.map((x) => constant(array(x))) : constant(array(input as Plain)),
    ),
  );
  const op = graph.createOp(one.op, inputs, { attrs: one.attrs });
  expect(op.outputs.map((t) => t.shape.dims)).toEqual(one.shapes);
  const running = new MiniSession(graph).run(op.outputs);
  if (one.error !== undefined) {
    const message = await running.then(
      () => "",
      (error: Error) => error.message,
    );
    expect(message.split("\n")[0]).toContain(one.error);
    return;
  }
  const results = await running;
  one.outputs!.forEach((expected, i) => {
    expectClose(results[i]!, expected);
  });
}
