// The ops of iterators: made, begun, gone along, told by text. In files a handle is a resource; here it carries the iterator itself.
// Source: core/ops/dataset_ops.cc, core/kernels/data/iterator_ops.cc.
import type { ShapeFunction } from "@org/graph";
import { decode, encode, ResourceHandleProto } from "@org/proto";
import { type NdArray, ndArray, Shape } from "@org/tensor";
import { defineOps } from "../define.ts";
import { resourceOfOp } from "../host/resource-of-op.ts";
import { stringArray } from "../host/text.ts";
import type { HostContext, HostKernel, OpEntry, Resource } from "../op-entry.ts";
import { scalarShape, withRank } from "../shape-rules.ts";
import { checkStructure, datasetOf } from "./dataset.ts";
import { IteratorState } from "./iterator-state.ts";

const handleOf = (iterator: IteratorState): NdArray => ndArray("resource", [], [iterator] as never);

function iteratorOf(c: HostContext, index = 0): IteratorState {
  const [found] = c.input(index).data as unknown as readonly unknown[];
  if (found instanceof IteratorState) return found;
  return c.fail("INVALID_ARGUMENT", `Input ${index} of ${c.op} is not an iterator`);
}

const structure = (c: HostContext): Pick<IteratorState, "dtypes" | "shapes"> => ({
  dtypes: c.attrs.types("output_types"),
  shapes: c.attrs.shapes("output_shapes"),
});

/** Iterators of a session by the names that text gives them. */
class NamedIterators implements Resource {
  readonly kind = "named iterators";
  readonly name = "iterators";
  readonly byName = new Map<string, IteratorState>();
  next = 0;
}

const named = (c: HostContext): NamedIterators =>
  c.resource("named iterators", "iterators", () => new NamedIterators());

/** A new iterator, which text can name. */
function madeIterator(c: HostContext): IteratorState {
  const { dtypes, shapes } = structure(c);
  const names = named(c);
  const shared = c.attrs.has("shared_name") ? c.attrs.string("shared_name") : "";
  const name = shared || `_${names.next++}_${c.node}`;
  const iterator = new IteratorState(name, dtypes, shapes);
  names.byName.set(name, iterator);
  return iterator;
}

function sharedIterator(c: HostContext): IteratorState {
  const iterator = resourceOfOp(c, "iterator", () => madeIterator(c));
  checkStructure((code, sentence) => c.fail(code, sentence), structure(c), iterator);
  return iterator;
}

const makeIterator: HostKernel = async (c) => {
  await iteratorOf(c, 1).begin(datasetOf(c, c.input(0)), c);
  return [];
};

/** The iterator of a OneShotIterator: begun when it is first asked for; what failed then fails again. */
class OneShot {
  #begun: Promise<IteratorState> | undefined;

  iterator(c: HostContext): Promise<IteratorState> {
    this.#begun ??= this.#begin(c);
    return this.#begun;
  }

  async #begin(c: HostContext): Promise<IteratorState> {
    // The node's own state is this object: the iterator goes by name.
    const key = c.attrs.string("shared_name") || `_${c.node}`;
    const iterator = c.resource("iterator", key, () => madeIterator(c));
    checkStructure((code, sentence) => c.fail(code, sentence), structure(c), iterator);
    const values = await c.function("dataset_factory")([], c.signal);
    const [value] = values;
    if (values.length !== 1 || value!.dtype !== "variant" || value!.shape.length !== 0)
      c.fail(
        "INVALID_ARGUMENT",
        "The `dataset_factory` function must return a single scalar of dtype DT_VARIANT.",
      );
    await iterator.begin(datasetOf(c, value!), c);
    return iterator;
  }
}

const oneShot: HostKernel = async (c) => [handleOf(await c.state(() => new OneShot()).iterator(c))];

const getNext: HostKernel = async (c) =>
  (await iteratorOf(c).next(c)) ?? c.fail("OUT_OF_RANGE", "End of sequence");

// ---- iterators as text

const device = "/job:localhost/replica:0/task:0/device:CPU:0";
const typeName = "tensorflow::data::IteratorResource";

const toStringHandle: HostKernel = (c) => {
  if (c.input(0).shape.length !== 0) c.fail("INVALID_ARGUMENT", "resource_handle must be a scalar");
  const { name } = iteratorOf(c);
  const handle = encode(ResourceHandleProto, {
    device,
    container: "localhost",
    name,
    maybeTypeName: typeName,
  });
  return [stringArray([], [handle])];
};

function parsedHandle(c: HostContext, bytes: Uint8Array): ResourceHandleProto {
  try {
    return decode(ResourceHandleProto, bytes);
  } catch {
    return c.fail("INVALID_ARGUMENT", "Could not parse string_handle as a valid ResourceHandle");
  }
}

const fromStringHandle: HostKernel = (c) => {
  const text = c.input(0);
  if (text.shape.length !== 0) c.fail("INVALID_ARGUMENT", "string_handle must be a scalar");
  const handle = parsedHandle(c, (text.data as Uint8Array[])[0]!);
  if (handle.device !== device)
    c.fail(
      "INVALID_ARGUMENT",
      `Attempted create an iterator on device "${device}" from handle defined on device "${handle.device}"`,
    );
  const iterator =
    named(c).byName.get(handle.name) ??
    c.fail(
      "NOT_FOUND",
      `Resource ${handle.container}/${handle.name}/N10tensorflow4data16IteratorResourceE does not exist.`,
    );
  const { dtypes, shapes } = structure(c);
  const fail = (code: "INVALID_ARGUMENT", sentence: string): never => c.fail(code, sentence);
  // Lists that are empty say nothing.
  checkStructure(
    fail,
    {
      dtypes: dtypes.length > 0 ? dtypes : iterator.dtypes,
      shapes: shapes.length > 0 ? shapes : iterator.shapes,
    },
    iterator,
  );
  return [handleOf(iterator)];
};

// ---- shapes

const handleOnly: ShapeFunction = (c) => {
  for (let i = 0; i < c.inputCount; i++) withRank(c.input(i), 0);
  return [Shape.scalar];
};

const elementShapes: ShapeFunction = (c) => {
  withRank(c.input(0), 0);
  return c.attrs.shapes("output_shapes");
};

const byHandle = { shape: handleOnly, gradient: null } as const;
const shared: HostKernel = (c) => [handleOf(sharedIterator(c))];
/** Each run has one of its own, which the session closes at the latest. */
const anonymous: HostKernel = (c) => {
  const iterator = madeIterator(c);
  return [handleOf(c.resource("iterator", iterator.name, () => iterator))];
};

/** Entries of the ops of iterators. */
export const iteratorOps: readonly OpEntry[] = defineOps({
  Iterator: { shape: scalarShape, host: shared, gradient: null },
  IteratorV2: { shape: scalarShape, host: shared, gradient: null },
  AnonymousIterator: { shape: scalarShape, host: anonymous, gradient: null },
  OneShotIterator: { shape: scalarShape, host: oneShot, gradient: null },
  MakeIterator: { shape: () => [], host: makeIterator, gradient: null },
  IteratorGetNext: { shape: elementShapes, host: getNext, gradient: null },
  IteratorGetNextSync: { shape: elementShapes, host: getNext, gradient: null },
  IteratorToStringHandle: { ...byHandle, host: toStringHandle },
  IteratorFromStringHandle: { ...byHandle, host: fromStringHandle },
  IteratorFromStringHandleV2: { ...byHandle, host: fromStringHandle },
});
