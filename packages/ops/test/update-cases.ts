// Cases of ops that update parts of variables, as fixtures/record-updates.py took them from TensorFlow: how they are run here.
import { readFileSync } from "node:fs";
import { Graph, type Operation, type Tensor } from "@org/graph";
import { type NdArray, toNumbers } from "@org/tensor";
import { ResourceVariable, Variable } from "@org/variables";
import { expect } from "vitest";
import { applyOp, constant, placeholder, standardOps } from "../src/index.ts";
import { array, type Plain } from "./recorded-cases.ts";

export interface UpdateCase {
  readonly op: string;
  readonly first: Plain;
  readonly inputs: readonly Plain[];
  readonly attrs: Readonly<Record<string, number>>;
  readonly after?: Plain;
  readonly error?: string;
  readonly code?: string;
}

/** The recorded cases, each with a title. */
export const updateCases: readonly (readonly [string, UpdateCase])[] = (
  JSON.parse(readFileSync(new URL("fixtures/updates.json", import.meta.url), "utf8")) as UpdateCase[]
).map((one, i) => [
  `${i} ${one.op}(${one.first.dtype}[${one.first.shape}], ${one.inputs.map(({ shape }) => `[${shape}]`).join(", ")})`,
  one,
]);

const codes: Readonly<Record<string, string>> = {
  InvalidArgumentError: "INVALID_ARGUMENT",
  UnimplementedError: "UNIMPLEMENTED",
};

/** Runs fetches of a graph with feeds; the same variables each time. */
export type RunSteps = (
  fetches: readonly (Tensor | Operation)[],
  feeds: ReadonlyMap<Tensor, NdArray>,
) => Promise<readonly (NdArray | undefined)[]>;

/** Runs a case in what `open` gives for its graph: the variable becomes what it became in TensorFlow, or stays with the same error. */
export async function expectUpdate(
  one: UpdateCase,
  open: (graph: Graph) => RunSteps | Promise<RunSteps>,
): Promise<void> {
  const graph = new Graph({ ops: standardOps });
  const isResource = one.op.startsWith("Resource");
  const inputs = one.inputs.map(array);
  const { variable, fed, update } = graph.asDefault(() => {
    const first = constant(array(one.first));
    const made = isResource ? new ResourceVariable(first) : new Variable(first);
    const fed = inputs.map(({ dtype }) => placeholder(dtype));
    const target = isResource ? (made as ResourceVariable).handle : made;
    return { variable: made, fed, update: applyOp(one.op, [target, ...fed], { attrs: one.attrs }) };
  });
  const run = await open(graph);
  const nothing = new Map<Tensor, NdArray>();
  await run([variable.initializer], nothing);
  const updating = run([update], new Map(fed.map((tensor, i) => [tensor, inputs[i]!])));
  if (one.error === undefined) await updating;
  else await expect(updating).rejects.toMatchObject({ sentence: one.error, code: codes[one.code!] });
  const [after] = await run([variable.value()], nothing);
  expect(after!.shape).toEqual(one.first.shape);
  expect(toNumbers(after!)).toEqual(toNumbers(array(one.after ?? one.first)));
}
