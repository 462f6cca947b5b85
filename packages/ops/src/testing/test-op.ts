// The test-suite of an op, for any test framework with describe and it: its cases on every runner (the evaluator, a session on the CPU backend,
// one on the GPU: whoever tests hands them in), its shape function where shapes are not known, its gradient against slopes.
import { currentGraph, type OpRegistry, type Tensor } from "@org/graph";
import type { OpEntry } from "../op-entry.ts";
import { standardOps } from "../registry.ts";
import { checkGradient, type GradientCheck, numericGradient } from "./numeric-gradient.ts";
import type { Tolerances } from "./plain-array.ts";
import {
  type CaseResult,
  caseTitle,
  checkCase,
  checkUnknownShapes,
  type OpCase,
  type RunGraph,
} from "./recorded-case.ts";

/** What the suite needs of a framework: vitest, node:test, mocha and jest have it. */
export interface TestFramework {
  describe(name: string, body: () => void): unknown;
  it(name: string, body: () => Promise<void>): unknown;
}

/** Something that runs graphs. */
export interface Runner {
  readonly name: string;
  readonly run: RunGraph;
}

/** What a script recorded of a case. */
export interface Recorded extends CaseResult {
  /** The case's title: what was asked. */
  readonly of: string;
}

/** A gradient check of the op itself with `attrs`, unless `f` is given. */
export interface OpGradientCheck extends Omit<GradientCheck, "f"> {
  readonly f?: GradientCheck["f"];
  readonly attrs?: Readonly<Record<string, unknown>>;
}

export interface OpTest {
  /** The op's type. */
  readonly op: string;
  /** The registry in which it stands; standardOps unless given. */
  readonly ops?: OpRegistry<OpEntry>;
  /** What goes in; what is to come out stands with each case, or case by case in `recorded`. */
  readonly cases: readonly (OpCase & CaseResult)[];
  readonly recorded?: readonly Recorded[];
  /** Needed where the op has a gradient. */
  readonly gradients?: readonly OpGradientCheck[];
  /** The first of them tells slopes: one that has float64. */
  readonly runners: readonly Runner[];
  /** Instead of a few units in the last place. */
  readonly tolerances?: Tolerances;
}

/** The op's outputs in the current graph. */
function outputsOf(op: string, attrs: OpGradientCheck["attrs"]): GradientCheck["f"] {
  return (...xs): readonly Tensor[] =>
    currentGraph()!.createOp(op, xs, { attrs: (attrs ?? {}) as Record<string, never> }).outputs;
}

/** What is to come out of case `i`. Throws Error where `recorded` is of other cases. */
function resultOf({ op, cases, recorded }: OpTest, i: number): CaseResult {
  if (!recorded) return cases[i]!;
  const title = caseTitle(op, cases[i]!);
  if (recorded.length !== cases.length || recorded[i]!.of !== title)
    throw new Error(`What is recorded is not of these cases (${title}): record them anew`);
  return recorded[i]!;
}

/** Declares the suite of an op. Throws TypeError where the registry has no such op, or `test` has no cases or runners. */
export function testOp(framework: TestFramework, test: OpTest): void {
  const { describe, it } = framework;
  const { op, ops = standardOps, cases, gradients = [], runners, tolerances } = test;
  const entry = ops.get(op);
  if (!entry) throw new TypeError(`No op "${op}" is registered`);
  if (cases.length === 0 || runners.length === 0)
    throw new TypeError(`"${op}" is tested with cases and runners`);
  const checks = gradients.map((check): GradientCheck => ({ f: outputsOf(op, check.attrs), ...check }));
  const slopes = checks.map(() => undefined as Promise<number[][]> | undefined);
  const options = { ops, ...(tolerances && { tolerances }) };

  describe(op, () => {
    it(`has a gradient that is checked, or none`, async () => {
      if (typeof entry.gradient === "function" && checks.length === 0)
        throw new Error("It has a gradient, and no check of it in `gradients`");
      if (typeof entry.gradient !== "function" && checks.length > 0)
        throw new Error("It has no gradient, and checks of it in `gradients`");
    });
    for (const { name, run } of runners)
      describe(`on ${name}`, () => {
        for (const [i, one] of cases.entries()) {
          const title = `${i} ${caseTitle(op, one)}`;
          it(title, async () => checkCase(op, one, resultOf(test, i), run, options));
          if ((test.recorded?.[i] ?? one).outputs)
            it(`${title}, shapes not known`, () =>
              checkUnknownShapes(op, one, resultOf(test, i), run, options));
        }
        for (const [i, check] of checks.entries())
          for (const dtype of ["float64", "float32"] as const)
            it(`gradient ${i}: [${check.shapes.join("], [")}] ${dtype}`, async () => {
              slopes[i] ??= numericGradient(check, runners[0]!.run, ops);
              await checkGradient(check, await slopes[i], run, { dtype, ops });
            });
      });
  });
}
