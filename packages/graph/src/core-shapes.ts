// Shape functions of the core ops, and the few rules that they are made of. Source: core/ops/{state,resource_variable,
// io,array,string}_ops.cc, core/framework/common_shape_fns.cc.
import { TfError } from "@org/errors";
import { dtypeFromProto, dtypeString, Shape, shapeFromProto } from "@org/tensor";
import type { InferenceContext, ShapeFunction } from "./shape-inference.ts";
import { mergeSentence } from "./tensor.ts";

function invalid(sentence: string): never {
  throw new TfError("INVALID_ARGUMENT", sentence);
}

function withRank(shape: Shape, rank: number): Shape {
  if (shape.rank !== null && shape.rank !== rank)
    invalid(`Shape must be rank ${rank} but is rank ${shape.rank}`);
  return shape.rank === null ? Shape.ofRank(rank) : shape;
}

function merge(a: Shape, b: Shape): Shape {
  return a.mergeWith(b) ?? invalid(mergeSentence(a, b));
}

/** Files of this producer and older cannot tell a scalar placeholder from one of unknown shape (array_ops.cc, Placeholder). */
export const lastVagueProducer = 21;

const nothing: ShapeFunction = () => [];
const scalar: ShapeFunction = () => [Shape.scalar];
const mergedInputs: ShapeFunction = (c) => [merge(c.input(0), c.input(1))];

/** Inputs of these ranks (null: any), and outputs of none. */
const ranked =
  (...ranks: readonly (number | null)[]): ShapeFunction =>
  (c) => {
    for (const [i, rank] of ranks.entries()) if (rank !== null) withRank(c.input(i), rank);
    return [];
  };

/** The shape that a handle's variable has. Throws where the op's dtype is another. */
function variable(c: InferenceContext): Shape {
  const handle = c.handleShape(0);
  if (handle === undefined) return Shape.unknown;
  const dtype = c.attrs.type("dtype");
  if (handle.dtype !== dtype)
    invalid(
      `Trying to read variable with wrong dtype. Expected ${dtypeString(handle.dtype)} got ${dtypeString(dtype)}`,
    );
  return handle.shape;
}

const assignVariable: ShapeFunction = (c) => {
  merge(variable(c), c.input(1));
  return [];
};

const bothBranches: ShapeFunction = (c) => {
  withRank(c.input(1), 0);
  return [c.input(0), c.input(0)];
};

/** What all shapes agree on: Merge passes on any of its inputs. */
function common(shapes: readonly Shape[]): Shape {
  return shapes.reduce((a, b) =>
    a.dims && a.dims.length === b.dims?.length
      ? new Shape(a.dims.map((dim, i) => (dim === b.dims![i] ? dim : null)))
      : Shape.unknown,
  );
}

/** Shapes put together along a constant axis; elsewhere they must agree. */
const concat: ShapeFunction = (c) => {
  const parts = Array.from({ length: c.inputCount - 1 }, (_, i) => c.input(i));
  const rank = parts.find((part) => part.rank !== null)?.rank;
  if (rank === undefined || rank === null) return [Shape.unknown];
  for (const part of parts) withRank(part, rank);
  const given = c.inputValue(c.inputCount - 1)?.data[0];
  if (given === undefined) return [Shape.ofRank(rank)];
  const axis = Number(given) < 0 ? Number(given) + rank : Number(given);
  if (axis < 0 || axis >= rank)
    invalid(
      `ConcatOp : Expected concatenating dimensions in the range [${-rank}, ${rank}), but got ${given}`,
    );
  const open = (shape: Shape) =>
    new Shape(withRank(shape, rank).dims!.map((dim, i) => (i === axis ? null : dim)));
  const merged = parts.map(open).reduce(merge);
  const sizes = parts.map((part) => part.dim(axis));
  const size = sizes.reduce<number | null>(
    (sum, dim) => (sum === null || dim === null ? null : sum + dim),
    0,
  );
  return [new Shape(merged.dims!.map((dim, i) => (i === axis ? size : dim)))];
};

const reshape: ShapeFunction = (c) => {
  const input = c.input(0);
  const out = c.inputAsShape(1);
  if (out.dims === null || input.dims === null) return [out];
  const openIn = input.dims.flatMap((dim, i) => (dim === null ? [i] : []));
  const openOut = out.dims.flatMap((dim, i) => (dim === null ? [i] : []));
  const product = (shape: Shape): number => shape.dims!.reduce<number>((n, dim) => n * (dim ?? 1), 1);
  const [has, wants] = [product(input), product(out)];
  // As in C++: a zero makes the number of elements known, whatever else is not.
  const inOpen = has === 0 ? 0 : openIn.length;
  const outOpen = wants === 0 ? 0 : openOut.length;
  if (inOpen > 1 || outOpen > 1) return [out];
  const dims = [...out.dims];
  if (inOpen === 0 && outOpen === 0) {
    if (has !== wants)
      invalid(`Cannot reshape a tensor with ${has} elements to shape ${out} (${wants} elements)`);
  } else if (inOpen === 0 && wants > 0) {
    if (has % wants !== 0) invalid(`Dimension size must be evenly divisible by ${wants} but is ${has}`);
    dims[openOut[0]!] = has / wants;
  } else if (inOpen === 1 && outOpen === 0 && has !== 0) {
    if (wants % has !== 0) invalid(`Dimension size must be evenly divisible by ${has} but is ${wants}`);
  } else if (inOpen === 1 && outOpen === 1 && has === wants) dims[openOut[0]!] = null;
  return [new Shape(dims)];
};

const pack: ShapeFunction = (c) => {
  let shape = c.input(c.inputCount - 1);
  for (let i = c.inputCount - 2; i >= 0; i--) {
    const other = c.input(i);
    const merged = other.mergeWith(shape);
    if (merged === undefined)
      invalid(`${mergeSentence(other, shape)}\n\tFrom merging shape ${i} with other shapes.`);
    shape = merged;
  }
  if (shape.dims === null) return [Shape.unknown];
  const rank = shape.dims.length + 1;
  const axis = c.attrs.int("axis");
  if (axis < -rank || axis >= rank) invalid(`Invalid axis: ${axis}; must be in [${-rank},${rank})`);
  const at = axis < 0 ? axis + rank : axis;
  return [new Shape([...shape.dims.slice(0, at), c.inputCount, ...shape.dims.slice(at)])];
};

const stringJoin: ShapeFunction = (c) => {
  const shapes = Array.from({ length: c.inputCount }, (_, i) => c.input(i));
  if (shapes.every((shape) => shape.rank === 0)) return [Shape.scalar];
  return [shapes.reduce<Shape>((out, shape) => (shape.rank ? merge(out, shape) : out), Shape.unknown)];
};

const utf8 = new TextDecoder();

/** The shape of a slice as a Saver writes it: "4 5 0,2:-". Source: core/util/saved_tensor_slice_util.cc. */
function sliceShape(spec: string): Shape {
  const parts = spec.split(" ");
  if (parts.length < 2) invalid(`Need least two elements in shape_and_slice specification: ${spec}`);
  const extents = parts.at(-1)!.split(":");
  const full = parts.slice(0, -1).map((text) => {
    if (!/^\d+$/.test(text)) invalid(`Non numerical dimension in shape_and_slice: ${spec}`);
    return Number(text);
  });
  if (extents.length !== full.length) invalid(`Rank mismatch in shape_and_slice specification: ${spec}`);
  return new Shape(
    extents.map((extent, i) => {
      if (extent === "-") return full[i]!;
      const length = Number(extent.split(",")[1]);
      return Number.isSafeInteger(length) && length > 0
        ? length
        : invalid(`Bad slice in shape_and_slice: ${spec}`);
    }),
  );
}

const restoreV2: ShapeFunction = (c) => {
  withRank(c.input(0), 0);
  merge(withRank(c.input(1), 1), withRank(c.input(2), 1));
  const count = c.attrs.types("dtypes").length;
  const specs = c.inputValue(2);
  if (specs === undefined) return new Array<Shape>(count).fill(Shape.unknown);
  const texts = (specs.data as Uint8Array[]).map((bytes) => utf8.decode(bytes));
  if (texts.length !== count) invalid("The number of shape_and_slice doesn't match tensor outputs.");
  return texts.map((text) => (text === "" ? Shape.unknown : sliceShape(text)));
};

/** Op type -> its shape function. */
export const coreShapes: Readonly<Record<string, ShapeFunction>> = {
  Assert: nothing,
  NoOp: nothing,
  Const: (c) => {
    const { dtype, tensorShape } = c.attrs.raw("value")?.tensor ?? {};
    const [held, stated] = [dtypeFromProto(dtype ?? 0)?.dtype, c.attrs.type("dtype")];
    if (held !== stated)
      invalid(
        `Type mismatch between value (${held === undefined ? "invalid" : dtypeString(held)}) and dtype (${dtypeString(stated)})`,
      );
    return [shapeFromProto(tensorShape ?? {})];
  },
  Identity: (c) => {
    const handle = c.handleShape(0);
    if (handle !== undefined) c.setHandleShape(0, handle.dtype, handle.shape);
    return [c.input(0)];
  },
  Placeholder: (c) => {
    const shape = c.attrs.has("shape") ? c.attrs.shape("shape") : Shape.unknown;
    return [c.producer <= lastVagueProducer && !shape.rank ? Shape.unknown : shape];
  },
  PlaceholderV2: (c) => [c.attrs.shape("shape")],
  PlaceholderWithDefault: (c) => {
    const shape = c.attrs.shape("shape");
    merge(c.input(0), shape);
    return [shape];
  },
  VariableV2: (c) => [c.attrs.shape("shape")],
  // Likewise: its scalar shape may mean unknown.
  Variable: (c) => {
    const shape = c.attrs.shape("shape");
    return [shape.rank ? shape : Shape.unknown];
  },
  IsVariableInitialized: scalar,
  Assign: (c) => (c.attrs.bool("validate_shape") ? mergedInputs(c) : [c.input(1)]),
  AssignAdd: mergedInputs,
  AssignSub: mergedInputs,
  VarHandleOp: (c) => {
    c.setHandleShape(0, c.attrs.type("dtype"), c.attrs.shape("shape"));
    return [Shape.scalar];
  },
  ReadVariableOp: (c) => [variable(c)],
  AssignVariableOp: assignVariable,
  AssignAddVariableOp: assignVariable,
  AssignSubVariableOp: assignVariable,
  VarIsInitializedOp: scalar,
  VariableShape: (c) => [new Shape([c.handleShape(0)?.shape.rank ?? null])],
  Fill: (c) => {
    const shape = c.inputAsShape(0);
    withRank(c.input(1), 0);
    return [shape];
  },
  Reshape: reshape,
  Pack: pack,
  StringJoin: stringJoin,
  StaticRegexFullMatch: (c) => [c.input(0)],
  ShardedFilename: (c) => {
    for (let i = 0; i < 3; i++) withRank(c.input(i), 0);
    return [Shape.scalar];
  },
  ShardedFilespec: (c) => {
    for (let i = 0; i < 2; i++) withRank(c.input(i), 0);
    return [Shape.scalar];
  },
  SaveV2: (c) => {
    withRank(c.input(0), 0);
    const count = c.inputCount - 3;
    for (const i of [1, 2]) {
      const length = withRank(c.input(i), 1).dim(0);
      if (length !== null && length !== count) invalid(`Dimension must be ${count} but is ${length}`);
    }
    return [];
  },
  RestoreV2: restoreV2,
  MergeV2Checkpoints: ranked(1, 0),
  Switch: bothBranches,
  RefSwitch: bothBranches,
  Merge: (c) => [common(Array.from({ length: c.inputCount }, (_, i) => c.input(i))), Shape.scalar],
  Shape: (c) => [new Shape([c.input(0).rank])],
  ConcatV2: concat,
  Save: ranked(0, 1),
  SaveSlices: ranked(0, 1, 1),
  Restore: (c) => {
    ranked(0, 0)(c);
    return [Shape.unknown];
  },
  RestoreSlice: (c) => {
    ranked(0, 0, 0)(c);
    const spec = c.inputValue(2);
    const text = spec === undefined ? "" : utf8.decode((spec.data as Uint8Array[])[0]);
    return [text === "" ? Shape.unknown : sliceShape(text)];
  },
};
