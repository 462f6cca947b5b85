// Stage, Unstage and their kin: host kernels over staging areas of the session, which ops find by shared name.
// Source: core/ops/data_flow_ops.cc, core/kernels/stage_op.cc.
import { ndArray, Shape } from "@org/tensor";
import { defineOps } from "../define.ts";
import type { HostContext, HostKernel, OpEntry } from "../op-entry.ts";
import { numbersOf } from "../shape-rules.ts";
import { type StagedTuple, StagingState } from "./staging-state.ts";

function areaOf(c: HostContext): StagingState {
  const { attrs } = c;
  const name = attrs.string("shared_name") || c.node;
  const container = attrs.string("container");
  const key = container === "" ? name : `${container}/${name}`;
  return c.resource(
    "staging area",
    key,
    () => new StagingState(name, attrs.int("capacity"), attrs.int("memory_limit")),
  );
}

const stage: HostKernel = async (c) => {
  await areaOf(c).put(
    Array.from({ length: c.inputCount }, (_, i) => c.input(i)),
    c,
  );
  return [];
};

/** A tuple must have as many tensors as the op has outputs, of their types. */
function checked(c: HostContext, tuple: StagedTuple): StagedTuple {
  const wanted = c.attrs.types("dtypes");
  if (tuple.length !== wanted.length)
    c.fail("INVALID_ARGUMENT", `Mismatch stage/unstage: ${tuple.length} vs. ${wanted.length}`);
  for (const [i, dtype] of wanted.entries())
    if (tuple[i]!.dtype !== dtype)
      c.fail("INVALID_ARGUMENT", `Output ${i} is to be ${dtype}, but ${tuple[i]!.dtype} was staged`);
  return tuple;
}

const unstage: HostKernel = async (c) => checked(c, await areaOf(c).get(c));
const peek: HostKernel = async (c) => {
  const [index] = numbersOf(c.input(0));
  if (index! < 0) c.fail("INVALID_ARGUMENT", `Staging areas have no tuple ${index}`);
  return checked(c, await areaOf(c).peek(index!, c));
};

const unknown = (c: Pick<HostContext, "attrs">): Shape[] => c.attrs.types("dtypes").map(() => Shape.unknown);

/** Entries of the ops of staging areas. */
export const stagingOps: readonly OpEntry[] = defineOps({
  Stage: { shape: () => [], host: stage, gradient: null },
  Unstage: { shape: unknown, host: unstage, gradient: null },
  StagePeek: { shape: unknown, host: peek, gradient: null },
  StageSize: {
    shape: () => [Shape.scalar],
    host: (c) => [ndArray("int32", [], Int32Array.of(areaOf(c).size))],
    gradient: null,
  },
  StageClear: {
    shape: () => [],
    host: (c) => {
      areaOf(c).clear();
      return [];
    },
    gradient: null,
  },
});
