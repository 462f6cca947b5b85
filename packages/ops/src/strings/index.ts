import type { OpEntry } from "../op-entry.ts";
import { asStringOps } from "./as-string.ts";
import { stringFormatOps } from "./format.ts";
import { hashBucketOps } from "./hash-buckets.ts";
import { joiningOps } from "./joining.ts";
import { regexOps } from "./regex-ops.ts";
import { substrOps } from "./substr.ts";
import { textOps } from "./text-ops.ts";
import { unicodeOps } from "./unicode.ts";

export * from "./builders.ts";
export type { OutputEncoding } from "./code-points.ts";
export { type StringFormatOptions, stringFormat } from "./format.ts";
export { stringToHashBucket, stringToHashBucketFast, stringToHashBucketStrong } from "./hash-buckets.ts";
export {
  type JoinOptions,
  type ReduceJoinOptions,
  reduceJoin,
  stringJoin,
  unsortedSegmentJoin,
} from "./joining.ts";
export { type RegexReplaceOptions, regexFullMatch, regexReplace } from "./regex-ops.ts";
export { type CharUnit, type SubstrOptions, substr } from "./substr.ts";
export { type UnicodeErrors, type UnicodeTranscodeOptions, unicodeTranscode } from "./unicode.ts";

/** Entries of all ops on strings. */
export const stringOps: readonly OpEntry[] = [
  ...asStringOps,
  ...hashBucketOps,
  ...joiningOps,
  ...regexOps,
  ...stringFormatOps,
  ...substrOps,
  ...textOps,
  ...unicodeOps,
];
