import { type Tensor } from "@org/graph";
import type { OpEntry } from "../op-entry.ts";
import type { NameOption, TensorLike } from "../tensor-like.ts";
/** tf.tile: the tensor repeated `multiples[i]` times along dimension i. */
export declare function tile(input: TensorLike, multiples: TensorLike, options?: NameOption): Tensor;
/** tf.broadcast_to: stretched to `shape` by NumPy's rules. */
export declare function broadcastTo(input: TensorLike, dims: TensorLike, options?: NameOption): Tensor;
/** tf.broadcast_dynamic_shape: the shape that two shapes stretch to. */
export declare function broadcastDynamicShape(x: TensorLike, y: TensorLike, options?: NameOption): Tensor;
/** Tile, BroadcastTo, BroadcastArgs, BroadcastGradientArgs. */
export declare const tileOps: readonly OpEntry[];
