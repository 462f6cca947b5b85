// Whether a numeric check shows every gradient: those that are called where the checks' gradients are built, or, of the rest, by the test that
// the table names. An op that has a gradient and neither fails here, and so does a row for an op that a check shows.
import { readdirSync, readFileSync } from "node:fs";
import { Graph, type OpRegistry } from "@org/graph";
import { describe, expect, it } from "vitest";
import { noGradient } from "../src/gradient.ts";
import { gradients, type OpEntry, placeholder, standardOps } from "../src/index.ts";
import { checks as ofComplex } from "./gradient-checks/complex.ts";
import { checks as ofControl } from "./gradient-checks/control.ts";
import { checks as ofElements } from "./gradient-checks/elements.ts";
import { checks as ofImages } from "./gradient-checks/images.ts";
import { checks as ofIndexing } from "./gradient-checks/indexing.ts";
import { checks as ofLinalg } from "./gradient-checks/linalg.ts";
import { checks as ofPatches } from "./gradient-checks/patches.ts";
import { checks as ofSegments } from "./gradient-checks/segments.ts";
import { checks as ofSinglePrecision } from "./gradient-checks/single-precision.ts";
import { checks as ofSparse } from "./gradient-checks/sparse.ts";
import { checks as ofSpecial } from "./gradient-checks/special.ts";
import { kinds, programs, variableOf } from "./gradient-checks/variables.ts";
import { checks as ofWindows } from "./gradient-checks/windows.ts";
import type { NumericCheck } from "./numeric-gradient.ts";

const checks: readonly Omit<NumericCheck, "range">[] = [
  ...ofComplex,
  ...ofControl,
  ...ofElements,
  ...ofImages,
  ...ofIndexing,
  ...ofLinalg,
  ...ofPatches,
  ...ofSegments,
  ...ofSinglePrecision,
  ...ofSparse,
  ...ofSpecial,
  ...ofWindows,
];

/** The standard ops, which note whose gradients gave something. Those that build a check's function are not noted: a check shows none of them. */
function noting(shown: Set<string>): OpRegistry<OpEntry> {
  const noted = (entry: OpEntry | undefined): OpEntry | undefined => {
    if (!entry?.gradient) return entry;
    const { gradient, opDef } = entry;
    return {
      ...entry,
      gradient: (op, grads) => {
        const made = gradient(op, grads);
        if (made.some((grad) => grad !== undefined)) shown.add(opDef.name ?? "");
        return made;
      },
    };
  };
  return { get: (type) => noted(standardOps.get(type)), names: () => standardOps.names() };
}

function shownByChecks(): Set<string> {
  const shown = new Set<string>();
  const ops = noting(shown);
  for (const { f, shapes, dynamic = false } of checks)
    new Graph({ ops: standardOps }).asDefault(() => {
      const xs = shapes.map((shape) => placeholder("float64", dynamic ? shape.map(() => null) : shape));
      const ys = [f(...xs)].flat();
      gradients(ys, xs, { ops });
    });
  for (const program of Object.values(programs))
    for (const Kind of kinds)
      new Graph({ ops: standardOps }).asDefault(() => {
        const v = variableOf(Kind);
        gradients(program(v), [v], { ops });
      });
  return shown;
}

/** The suite of an op (testOp) refuses to be without a numeric check where its op has a gradient. */
function shownBySuites(): string[] {
  const suites = new URL("../../tf/test/ops/", import.meta.url);
  return readdirSync(suites)
    .filter((name) => name.endsWith(".test.ts"))
    .flatMap((name) => [...readFileSync(new URL(name, suites), "utf8").matchAll(/^ {2}op: "(\w+)",$/gm)])
    .map(([, op]) => op!);
}

/** Why no check shows a gradient: that of another op, which is shown, is the very same function; or a test of its own shows it, of which a word is given. */
type Reason = { readonly reason: string } & (
  | { readonly as: string }
  | { readonly test: string; readonly word: string }
);

const ofReferences = "checks feed placeholders, which are no references";
const ofNames = "an array by name goes back through ops of arrays by handle, and runs in no TensorFlow 1.15";

const shownElsewhere: Readonly<Record<string, Reason>> = {
  PreventGradient: {
    reason: "refuses to be differentiated",
    test: "ops/test/gradients.test.ts",
    word: "preventGradient",
  },
  RandomGamma: {
    reason: "the slope is that of the quantile, not of how samples are drawn",
    test: "ops/test/draws.test.ts",
    word: "slopes of the quantile function",
  },
  ...Object.fromEntries(
    ["Enter", "Exit", "Merge", "NextIteration", "Switch"].map((op) => [
      `Ref${op}`,
      { reason: ofReferences, as: op },
    ]),
  ),
  ...Object.fromEntries(
    ["Concat", "Gather", "Read", "Scatter", "Split", "Write"].map((op) => [
      `TensorArray${op}V2`,
      { reason: ofNames, as: `TensorArray${op}V3` },
    ]),
  ),
};

const gradientOf = (name: string): OpEntry["gradient"] => (standardOps.get(name) as OpEntry).gradient;
/** Where no gradient flows there is nothing to check. */
const names = standardOps.names().filter((name) => gradientOf(name) && gradientOf(name) !== noGradient);
const seen = new Set([...shownByChecks(), ...shownBySuites()]);
const rest = names.filter((name) => !seen.has(name));

describe("every gradient", () => {
  it("is shown by a numeric check, or has a reason", () => {
    console.log(
      `${names.length} ops with gradients: ${names.length - rest.length} checked, ${rest.length} otherwise`,
    );
    expect(rest.filter((name) => !(name in shownElsewhere))).toEqual([]);
  });

  it("has no reason that is no longer needed", () => {
    expect(Object.keys(shownElsewhere).filter((name) => !rest.includes(name))).toEqual([]);
  });

  it("is the gradient that its reason names, or in the test that it names", () => {
    for (const [name, reason] of Object.entries(shownElsewhere))
      if ("as" in reason) {
        expect(seen, `${name} is as ${reason.as}`).toContain(reason.as);
        expect(gradientOf(name), `${name} is as ${reason.as}`).toBe(gradientOf(reason.as));
      } else {
        const source = readFileSync(new URL(`../../${reason.test}`, import.meta.url), "utf8");
        expect(source, `${name}: ${reason.test}`).toContain(reason.word);
      }
  });
});
