import type { Tensor } from "@org/graph";
import type { OpEntry } from "../op-entry.ts";
import type { NameOption, TensorLike } from "../tensor-like.ts";
type Activation = (features: TensorLike, options?: NameOption) => Tensor;
/** tf.nn.relu: max(x, 0). */
export declare const relu: Activation;
/** tf.nn.elu: x above 0, e^x - 1 below. */
export declare const elu: Activation;
/** tf.nn.selu: elu with the scales that keep mean and variance. */
export declare const selu: Activation;
/** tf.nn.softplus: log(1 + e^x). */
export declare const softplus: Activation;
/** tf.nn.softsign: x / (1 + |x|). */
export declare const softsign: Activation;
/** tf.nn.relu6: min(max(x, 0), 6). */
export declare function relu6(features: TensorLike, options?: NameOption): Tensor;
/** tf.nn.leaky_relu: x above 0, alpha x (0.2 unless given) below. */
export declare function leakyRelu(features: TensorLike, options?: NameOption & {
    alpha?: number;
}): Tensor;
/** tf.nn.crelu: relu of x and of -x, joined along `axis` (-1 unless given). */
export declare function crelu(features: TensorLike, options?: NameOption & {
    axis?: number;
}): Tensor;
/** Activations. */
export declare const reluOps: readonly OpEntry[];
export {};
