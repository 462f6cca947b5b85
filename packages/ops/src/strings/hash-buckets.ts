// tf.strings.to_hash_bucket, to_hash_bucket_fast, to_hash_bucket_strong. Source: core/kernels/string_to_hash_bucket_op.{h,cc}.
import type { Tensor } from "@org/graph";
import { ndArray } from "@org/tensor";
import { applyOne } from "../apply-op.ts";
import { defineOps, type OpSpec } from "../define.ts";
import { fingerprint64 } from "../host/fingerprint64.ts";
import type { HostContext, OpEntry } from "../op-entry.ts";
import { unchanged } from "../shape-rules.ts";
import type { NameOption, TensorLike } from "../tensor-like.ts";
import { hash64, sipHash } from "./hashes.ts";

/** tf.string_to_hash_bucket: Hash64 of each string modulo `numBuckets`: int64, of the shape of `input`. Made for files of old: prefer stringToHashBucketFast. @tfExport stringToHashBucket, strings.toHashBucket */
export function stringToHashBucket(
  input: TensorLike,
  numBuckets: number | bigint,
  options: NameOption = {},
): Tensor {
  return applyOne("StringToHashBucket", [input], { ...options, attrs: { num_buckets: numBuckets } });
}

/** tf.strings.to_hash_bucket_fast: FarmHash's Fingerprint64 of each string modulo `numBuckets`: int64, of the shape of `input`. @tfExport stringToHashBucketFast, strings.toHashBucketFast */
export function stringToHashBucketFast(
  input: TensorLike,
  numBuckets: number | bigint,
  options: NameOption = {},
): Tensor {
  return applyOne("StringToHashBucketFast", [input], { ...options, attrs: { num_buckets: numBuckets } });
}

/**
 * tf.strings.to_hash_bucket_strong: SipHash of each string under `key` (two 64-bit numbers) modulo `numBuckets`: int64, of the shape of `input`;
 * who does not know the key cannot make strings that fall into one bucket. A key of another length fails the run with INVALID_ARGUMENT.
 * @tfExport stringToHashBucketStrong, strings.toHashBucketStrong
 */
export function stringToHashBucketStrong(
  input: TensorLike,
  numBuckets: number | bigint,
  key: readonly (number | bigint)[],
  options: NameOption = {},
): Tensor {
  const attrs = { num_buckets: numBuckets, key: key.map(BigInt) };
  return applyOne("StringToHashBucketStrong", [input], { ...options, attrs });
}

function bucketsBy(hashOf: (c: HostContext) => (bytes: Uint8Array) => bigint): OpSpec {
  return {
    shape: unchanged,
    host: (c) => {
      const { shape, data } = c.input(0);
      const buckets = c.attrs.bigint("num_buckets");
      const hash = hashOf(c);
      return [
        ndArray(
          "int64",
          shape,
          BigInt64Array.from(data as Uint8Array[], (bytes) => hash(bytes) % buckets),
        ),
      ];
    },
    gradient: null,
  };
}

/** Entries of the ops that put strings into buckets. */
export const hashBucketOps: readonly OpEntry[] = defineOps({
  StringToHashBucket: bucketsBy(() => hash64),
  StringToHashBucketFast: bucketsBy(() => fingerprint64),
  StringToHashBucketStrong: bucketsBy((c) => {
    const key = (c.attrs.raw("key")?.list?.i ?? []).map((part) => BigInt.asUintN(64, BigInt(part)));
    if (key.length !== 2) c.fail("INVALID_ARGUMENT", "Key must have 2 elements");
    return (bytes) => sipHash([key[0]!, key[1]!], bytes);
  }),
});
