// MapStage, MapUnstage and their kin, and the ordered ones: host kernels over map staging areas of the session, which ops find by shared name.
// Source: core/ops/data_flow_ops.cc, core/kernels/map_stage_op.cc.
import { type DType, ndArray, Shape } from "@org/tensor";
import { defineOps, type OpSpec } from "../define.ts";
import type { HostContext, HostKernel, OpEntry } from "../op-entry.ts";
import { numbersOf } from "../shape-rules.ts";
import { MapStagingState } from "./map-staging-state.ts";
import type { StagedTuple } from "./staging-state.ts";

const isOrdered = (c: HostContext): boolean => c.op.startsWith("Ordered");

function areaOf(c: HostContext): MapStagingState {
  const { attrs } = c;
  const name = attrs.string("shared_name") || c.node;
  const container = attrs.string("container");
  const key = container === "" ? name : `${container}/${name}`;
  const kind = isOrdered(c) ? "ordered map staging area" : "map staging area";
  return c.resource(
    kind,
    key,
    () =>
      new MapStagingState(name, {
        ordered: isOrdered(c),
        count: attrs.types("dtypes").length,
        capacity: attrs.int("capacity"),
        memoryLimit: attrs.int("memory_limit"),
      }),
  );
}

function keyOf(c: HostContext): bigint {
  const key = c.input(0);
  if (key.shape.length !== 0) c.fail("INVALID_ARGUMENT", `key must be a scalar, not ${new Shape(key.shape)}`);
  return (key.data as BigInt64Array)[0]!;
}

const put: HostKernel = async (c) => {
  const indices = numbersOf(c.input(1));
  const values = Array.from({ length: c.inputCount - 2 }, (_, i) => c.input(i + 2));
  if (indices.length !== values.length)
    c.fail("INVALID_ARGUMENT", `There are ${values.length} tensors, but ${indices.length} indices`);
  await areaOf(c).put(keyOf(c), indices, values, c);
  return [];
};

/** As many tensors as the op has outputs, of their types. */
function checked(c: HostContext, tuple: StagedTuple): StagedTuple {
  const wanted: readonly DType[] = c.attrs.types("dtypes");
  if (tuple.length !== wanted.length)
    c.fail(
      "INVALID_ARGUMENT",
      `output_size (${wanted.length}) is not ${tuple.length}, the number of indices`,
    );
  for (const [i, dtype] of wanted.entries())
    if (tuple[i]!.dtype !== dtype)
      c.fail("INVALID_ARGUMENT", `Output ${i} is to be ${dtype}, but ${tuple[i]!.dtype} was staged`);
  return tuple;
}

const peek: HostKernel = async (c) => checked(c, await areaOf(c).peek(keyOf(c), numbersOf(c.input(1)), c));
const take: HostKernel = async (c) => checked(c, await areaOf(c).take(keyOf(c), numbersOf(c.input(1)), c));
const takeAny: HostKernel = async (c) => {
  const [key, tuple] = await areaOf(c).takeAny(numbersOf(c.input(0)), c);
  return [ndArray("int64", [], BigInt64Array.of(key)), ...checked(c, tuple)];
};

const number =
  (of: (area: MapStagingState) => number): HostKernel =>
  (c) => [ndArray("int32", [], Int32Array.of(of(areaOf(c))))];

const unknown = (c: Pick<HostContext, "attrs">): Shape[] => c.attrs.types("dtypes").map(() => Shape.unknown);
const one = (): Shape[] => [Shape.scalar];

const ops: Readonly<Record<string, OpSpec>> = {
  MapStage: { shape: () => [], host: put, gradient: null },
  MapPeek: { shape: unknown, host: peek, gradient: null },
  MapUnstage: { shape: unknown, host: take, gradient: null },
  MapUnstageNoKey: { shape: (c) => [Shape.unknown, ...unknown(c)], host: takeAny, gradient: null },
  MapSize: { shape: one, host: number(({ size }) => size), gradient: null },
  MapIncompleteSize: { shape: one, host: number(({ incompleteSize }) => incompleteSize), gradient: null },
  MapClear: {
    shape: () => [],
    host: (c) => {
      areaOf(c).clear();
      return [];
    },
    gradient: null,
  },
};

/** Entries of the ops of map staging areas, without order and with it. */
export const mapStagingOps: readonly OpEntry[] = defineOps(
  Object.fromEntries(
    Object.entries(ops).flatMap(([op, spec]): [string, OpSpec][] => [
      [op, spec],
      [`Ordered${op}`, spec],
    ]),
  ),
);
