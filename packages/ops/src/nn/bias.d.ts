import type { Tensor } from "@org/graph";
import type { OpEntry } from "../op-entry.ts";
import type { NameOption, TensorLike } from "../tensor-like.ts";
/** tf.nn.bias_add: `bias` added along the last dimension, or the second with `dataFormat` "NC...". */
export declare function biasAdd(value: TensorLike, bias: TensorLike, options?: NameOption & {
    dataFormat?: string | null;
}): Tensor;
/** tf.nn.xw_plus_b: matmul(x, weights) + biases. */
export declare function xwPlusB(x: TensorLike, weights: TensorLike, biases: TensorLike, options?: NameOption): Tensor;
/** tf.nn.relu_layer: relu(matmul(x, weights) + biases). */
export declare function reluLayer(x: TensorLike, weights: TensorLike, biases: TensorLike, options?: NameOption): Tensor;
/** BiasAdd, BiasAddV1, BiasAddGrad. */
export declare const biasOps: readonly OpEntry[];
