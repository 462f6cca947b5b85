import { type Tensor } from "@org/graph";
import type { OpEntry } from "../op-entry.ts";
/** The shape of the variable behind a handle: a constant where the graph knows it. Source: variable_shape. */
export declare function variableShape(handle: Tensor, outType?: "int32" | "int64"): Tensor;
/** Entries of resource variables. */
export declare const resourceOps: readonly OpEntry[];
