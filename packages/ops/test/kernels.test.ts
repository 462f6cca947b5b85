// What ops compute and which shapes they infer, against TensorFlow 1.15.5's kernels (recorded by record.py).
import { readFileSync } from "node:fs";
import { Graph, type Tensor } from "@org/graph";
import {
  convertToNdArray,
  type DType,
  dtypes,
  type NdArray,
  ndArray,
  toNumbers,
  toStrings,
} from "@org/tensor";
import { describe, expect, it } from "vitest";
import { constant, type OpEntry, standardOps } from "../src/index.ts";
import { MiniSession } from "./mini-session.ts";

interface Plain {
  readonly dtype: DType;
  readonly shape: readonly number[];
  readonly values: readonly (number | string | boolean)[];
}

interface Case {
  readonly op: string;
  readonly inputs: readonly (Plain | readonly Plain[])[];
  readonly attrs: Readonly<Record<string, never>>;
  readonly outputs: readonly Plain[];
  readonly shapes: readonly (readonly (number | null)[] | null)[];
}

const cases = JSON.parse(
  readFileSync(new URL("fixtures/kernels.json", import.meta.url), "utf8"),
) as readonly Case[];

const special: Readonly<Record<string, number>> = {
  nan: Number.NaN,
  inf: Number.POSITIVE_INFINITY,
  "-inf": Number.NEGATIVE_INFINITY,
};

function number(value: number | string | boolean): number {
  return typeof value === "string" ? special[value]! : Number(value);
}

function array({ dtype, shape, values }: Plain): NdArray {
  if (dtype === "string") {
    return ndArray(
      "string",
      shape,
      values.map((text) => Uint8Array.from(text as string, (c) => c.charCodeAt(0))),
    );
  }
  const plain = values.map((value) =>
    dtypes[dtype].kind === "float" ? number(value) : (value as number | boolean),
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
    expect(toStrings(actual)).toEqual(expected.values);
    return;
  }
  const within = tolerance[expected.dtype] ?? 0;
  toNumbers(actual).forEach((x, i) => {
    const y = number(expected.values[i]!);
    const close = Object.is(x, y) || x === y || Math.abs(x - y) <= within * Math.max(1, Math.abs(y));
    if (!close) expect(`element ${i}: ${x}`).toBe(`element ${i}: ${y}`);
  });
}

function title({ op, inputs, attrs }: Case): string {
  const shown = inputs.flat().map(({ dtype, shape }) => `${dtype}[${shape}]`);
  return `${op}(${shown.join(", ")}) ${JSON.stringify(attrs)}`;
}

describe("kernels", () => {
  it.each(cases.map((one, i) => [`${i} ${title(one)}`, one] as const))("%s", async (_, one) => {
    const graph = new Graph({ ops: standardOps });
    const inputs = graph.asDefault(() =>
      one.inputs.map((input): Tensor | Tensor[] =>
        Array.isArray(input) ? input.map((x) => constant(array(x))) : constant(array(input as Plain)),
      ),
    );
    const op = graph.createOp(one.op, inputs, { attrs: one.attrs });
    expect(op.outputs.map((t) => t.shape.dims)).toEqual(one.shapes);
    const results = await new MiniSession(graph).run(op.outputs);
    one.outputs.forEach((expected, i) => {
      expectClose(results[i]!, expected);
    });
  });
});

describe("standardOps", () => {
  it("has each op's OpDef under its own name", () => {
    for (const name of standardOps.names()) expect((standardOps.get(name) as OpEntry).opDef.name).toBe(name);
  });
});
