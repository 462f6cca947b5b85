// The ops of barriers: host kernels over barriers of the session. A handle is a reference to two strings in files; here it carries the barrier.
// Source: core/ops/data_flow_ops.cc, core/kernels/barrier_ops.cc.
import type { ShapeFunction } from "@org/graph";
import { dtypeString, ndArray, Shape } from "@org/tensor";
import { defineOps } from "../define.ts";
import { resourceOfOp } from "../host/resource-of-op.ts";
import type { HostContext, HostKernel, OpEntry } from "../op-entry.ts";
import { mergeDims, withRank, withRankAtLeast, withValue } from "../shape-rules.ts";
import { BarrierState, stackedComponent } from "./barrier-state.ts";
import { freshName } from "./queue-ops.ts";

function barrierOf(c: HostContext): BarrierState {
  const [barrier] = c.input(0).data as unknown as readonly unknown[];
  if (barrier instanceof BarrierState) return barrier;
  return c.fail("INVALID_ARGUMENT", `Input 0 of ${c.op} is not a barrier`);
}

const make: HostKernel = (c) => {
  const { attrs } = c;
  const [dtypes, shapes] = [attrs.types("component_types"), attrs.shapes("shapes")];
  const invalid = (sentence: string): never => c.fail("INVALID_ARGUMENT", sentence);
  if (shapes.length !== dtypes.length) invalid("All of the component shapes must be specified");
  if (attrs.int("capacity") !== -1)
    invalid(
      "Barrier only accepts capacity=-1.  Feed the inputs to your Barrier through a queue to enforce a limited capacity.",
    );
  const barrier = resourceOfOp(
    c,
    "barrier",
    () => new BarrierState(attrs.string("shared_name") || freshName(c), dtypes, shapes),
  );
  const types = (list: BarrierState["dtypes"]): string => list.map((dtype) => dtypeString(dtype)).join(", ");
  if (`${barrier.dtypes}` !== `${dtypes}`)
    invalid(
      `Shared barrier '${barrier.name}' has component types ${types(barrier.dtypes)} but requested component types were ${types(dtypes)}`,
    );
  const dims = (list: readonly Shape[]): string => `[${list.join(", ")}]`;
  if (dims(barrier.shapes) !== dims(shapes))
    invalid(
      `Shared barrier '${barrier.name}' has component shapes ${dims(barrier.shapes)} but requested component shapes were ${dims(shapes)}`,
    );
  return [ndArray("resource", [], [barrier] as never)];
};

const insertMany: HostKernel = async (c) => {
  const barrier = barrierOf(c);
  const component = c.attrs.int("component_index");
  const [keys, values] = [c.input(1), c.input(2)];
  const dtype = barrier.dtypes[component];
  if (dtype === undefined)
    return c.fail(
      "INVALID_ARGUMENT",
      `The component ID is out of range ${component} > num_components (= ${barrier.dtypes.length})`,
    );
  if (values.dtype !== dtype)
    c.fail(
      "INVALID_ARGUMENT",
      `Signature mismatch, have: string_ref,string,${dtypeString(values.dtype)} expected: string_ref,string,${dtypeString(dtype)}`,
    );
  await barrier.insert(component, keys, values, c);
  return [];
};

const takeMany: HostKernel = async (c) => {
  const barrier = barrierOf(c);
  const many = c.input(1);
  if (c.attrs.int("timeout_ms") !== -1) c.fail("INVALID_ARGUMENT", "Timeout not supported yet.");
  if (many.shape.length !== 0) c.fail("INVALID_ARGUMENT", "num_elements must be a scalar.");
  const requested = c.attrs.types("component_types");
  if (`${requested}` !== `${barrier.dtypes}`)
    c.fail(
      "INVALID_ARGUMENT",
      `Signature mismatch, have: int64,string,${requested} expected: int64,string,${barrier.dtypes}`,
    );
  const count = Number(many.data[0]);
  if (count < 0) c.fail("INVALID_ARGUMENT", `DequeueManyOp requested ${count} < 0 elements`);
  if (count === 0)
    return [
      ndArray("int64", [0]),
      ndArray("string", [0]),
      ...barrier.dtypes.map((dtype, i) =>
        ndArray(dtype, [0, ...(barrier.shapes[i]!.dims ?? []).map((dim) => dim ?? 0)]),
      ),
    ];
  const elements = await barrier.take(count, c.attrs.bool("allow_small_batch"), c);
  return elements[0]!.map((_, i) => stackedComponent(elements, i));
};

const close: HostKernel = async (c) => {
  await barrierOf(c).closeBarrier(c.attrs.bool("cancel_pending_enqueues"), c);
  return [];
};

const size =
  (of: (barrier: BarrierState) => number): HostKernel =>
  (c) => [ndArray("int32", [], Int32Array.of(of(barrierOf(c))))];

const handleOnly =
  (...outputs: readonly Shape[]): ShapeFunction =>
  (c) => {
    withValue(withRank(c.input(0), 1).dims![0]!, 2);
    return outputs;
  };

const byHandle = { handles: [0], gradient: null } as const;

/** Entries of the ops of barriers. */
export const barrierOps: readonly OpEntry[] = defineOps({
  Barrier: { shape: () => [new Shape([2])], host: make, gradient: null },
  BarrierInsertMany: {
    ...byHandle,
    host: insertMany,
    shape: (c) => {
      handleOnly()(c);
      const [keys, values] = [withRank(c.input(1), 1), withRankAtLeast(c.input(2), 1)];
      mergeDims(keys.dims![0]!, values.dims?.[0] ?? null);
      return [];
    },
  },
  BarrierTakeMany: {
    ...byHandle,
    host: takeMany,
    shape: (c) => new Array<Shape>(2 + c.attrs.types("component_types").length).fill(Shape.unknown),
  },
  BarrierClose: { ...byHandle, host: close, shape: handleOnly() },
  BarrierReadySize: {
    ...byHandle,
    host: size(({ readySize }) => readySize),
    shape: handleOnly(Shape.scalar),
  },
  BarrierIncompleteSize: {
    ...byHandle,
    host: size(({ incompleteSize }) => incompleteSize),
    shape: handleOnly(Shape.scalar),
  },
});
