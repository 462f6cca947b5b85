// Training ops against one step of TensorFlow 1.15.5's (fixtures/record-training.py).
import { readFileSync } from "node:fs";
import { Graph, type Tensor } from "@org/graph";
import { allocateData, type DType, type NdArray, ndArray } from "@org/tensor";
import { ResourceVariable, Variable } from "@org/variables";
import { describe, expect, it } from "vitest";
import { applyOp, constant, placeholder, standardOps } from "../src/index.ts";
import { trainingOps } from "../src/training/apply-ops.ts";
import { MiniSession } from "./mini-session.ts";

interface Recorded {
  name: string;
  variable: boolean;
  dtype: DType;
  shape: number[];
  data: number[];
}
interface Case {
  op: string;
  attrs: Record<string, boolean>;
  inputs: Recorded[];
  after: number[][];
}
const cases = JSON.parse(
  readFileSync(new URL("./fixtures/training.json", import.meta.url), "utf8"),
) as Case[];

function arrayOf({ dtype, shape, data }: Recorded): NdArray {
  const out = allocateData(dtype, data.length) as unknown as (number | bigint)[];
  data.forEach((x, i) => {
    out[i] = dtype === "int64" ? BigInt(x) : x;
  });
  return ndArray(dtype, shape, out as never);
}

/** The variables after the op ran once, on variables of either kind. */
async function step({ op, attrs, inputs }: Case, resource: boolean): Promise<NdArray[]> {
  const graph = new Graph({ ops: standardOps });
  const variables: (Variable | ResourceVariable)[] = [];
  const feeds = new Map<Tensor, NdArray>();
  const run = graph.asDefault(() => {
    const args = inputs.map((input) => {
      if (!input.variable) {
        const fed = placeholder(input.dtype, input.shape);
        feeds.set(fed, arrayOf(input));
        return fed;
      }
      const initial = constant(0, input.dtype, { shape: input.shape });
      const variable = resource ? new ResourceVariable(initial) : new Variable(initial);
      variables.push(variable);
      return resource ? (variable as ResourceVariable).handle : variable;
    });
    return applyOp(op, args as never, { attrs });
  });
  const session = new MiniSession(graph);
  inputs
    .filter(({ variable }) => variable)
    .forEach((input, i) => {
      session.variables.set(variables[i]!.op, arrayOf(input));
    });
  await session.run([run], feeds);
  return variables.map((variable) => session.variables.get(variable.op)!);
}

function expectClose({ after, inputs, op }: Case, got: readonly NdArray[]): void {
  const double = inputs[0]!.dtype === "float64";
  got.forEach((array, i) => {
    const want = after[i]!;
    Array.from(array.data as ArrayLike<number>).forEach((x, j) => {
      const tolerance = (double ? 1e-8 : 2e-6) * Math.max(1, Math.abs(want[j]!));
      expect(Math.abs(x - want[j]!), `${op} variable ${i} element ${j}: ${x} for ${want[j]}`).toBeLessThan(
        tolerance,
      );
    });
  });
}

describe("training ops", () => {
  for (const type of new Set(cases.map(({ op }) => op)))
    it(`${type} and its resource twin compute what TensorFlow's do`, async () => {
      for (const one of cases.filter(({ op }) => op === type)) {
        const resource = one.op.startsWith("Resource");
        expectClose(one, await step(one, resource));
        if (!resource) expectClose(one, await step({ ...one, op: `Resource${one.op}` }, true));
      }
    });

  it("are all recorded", () => {
    const recorded = new Set(cases.map(({ op }) => op.replace("Resource", "")));
    for (const { opDef } of trainingOps) expect(recorded).toContain(opDef.name!.replace("Resource", ""));
  });
});
