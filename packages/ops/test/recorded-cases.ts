// Cases that a recording script took from TensorFlow's kernels and wrote to a fixture, for vitest: see @org/ops/testing for what is compared.
import { Graph } from "@org/graph";
import type { NdArray } from "@org/tensor";
import { expect } from "vitest";
import { constant, standardOps } from "../src/index.ts";
import {
  type CaseResult,
  caseTitle,
  checkCase,
  fromPlain,
  type PlainArray,
  plainDifference,
  type RunGraph,
  type Tolerances,
} from "../src/testing.ts";
import { MiniSession } from "./mini-session.ts";

export type { RunGraph, Tolerances };
export type Plain = PlainArray;

export interface Case extends CaseResult {
  readonly op: string;
  readonly inputs: readonly (Plain | readonly Plain[])[];
  readonly attrs: Readonly<Record<string, never>>;
}

export const array: (plain: Plain) => NdArray = fromPlain;

/** The same type, shape and values, within `tolerances` (by type; the usual ones where none is given). */
export function expectClose(actual: NdArray, expected: Plain, tolerances: Tolerances = {}): void {
  expect(plainDifference(actual, expected, tolerances)).toBeUndefined();
}

/** "Add(float32[2], float32[2]) {}". */
export const title = (one: Case): string => caseTitle(one.op, one);

const nodeByNode: RunGraph = (graph, tensors, feeds) => new MiniSession(graph).run(tensors, feeds);

/** What the case's op gives here. */
export function runCase(one: Case): Promise<NdArray[]> {
  const graph = new Graph({ ops: standardOps });
  const inputs = graph.asDefault(() => one.inputs.map((input) => constant(array(input as Plain))));
  return new MiniSession(graph).run(graph.createOp(one.op, inputs, { attrs: one.attrs }).outputs);
}

/** Runs a case: the same shapes, values, or error come out. `tolerances` are instead of the usual ones. */
export function expectCase(
  one: Case,
  tolerances: Tolerances = {},
  run: RunGraph = nodeByNode,
): Promise<void> {
  return checkCase(one.op, one, one, run, { tolerances });
}
