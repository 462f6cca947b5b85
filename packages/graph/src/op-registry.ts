// Which ops a graph may hold: a registry is a value, made of parts, that knows the OpDef of each op and how
// its shapes are inferred. Richer entries (`@org/ops` adds lowering, host kernel, gradient) go through the same door.
import type { IOpDef } from "@org/proto";
import type { ShapeFunction } from "./shape-inference.ts";

/** What a graph knows of an op type. */
export interface RegisteredOp {
  readonly opDef: IOpDef;
  /** Absent: outputs have unknown shapes (or the `_output_shapes` that an import brought). */
  readonly shape?: ShapeFunction;
  /** Who registered it, for clash messages: "@org/graph/core-ops", "my-package". */
  readonly origin: string;
}

export interface OpRegistry<Entry extends RegisteredOp = RegisteredOp> {
  get(type: string): Entry | undefined;
  /** Op types, sorted. */
  names(): readonly string[];
}
