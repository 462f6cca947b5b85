import { type Tensor } from "@org/graph";
import type { NameOption, TensorLike } from "../tensor-like.ts";
/**
 * tf.nn.embedding_lookup: for each id the row of `params`; a list of one table is that table.
 * Throws TfError UNIMPLEMENTED for several tables.
 */
export declare function embeddingLookup(params: TensorLike | readonly TensorLike[], ids: TensorLike, options?: NameOption): Tensor;
