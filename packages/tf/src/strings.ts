// tf.strings, in the default graph where no graph is given: one line each, see @org/ops for what they do.
import * as ops from "@org/ops";
import { lift } from "./default-graph.ts";

export const asString: typeof ops.asString = /* @__PURE__ */ lift(ops.asString);
export const format: typeof ops.stringFormat = /* @__PURE__ */ lift(ops.stringFormat);
export const join: typeof ops.stringJoin = /* @__PURE__ */ lift(ops.stringJoin);
export const length: typeof ops.stringLength = /* @__PURE__ */ lift(ops.stringLength);
export const lower: typeof ops.stringLower = /* @__PURE__ */ lift(ops.stringLower);
export const reduceJoin: typeof ops.reduceJoin = /* @__PURE__ */ lift(ops.reduceJoin);
export const regexFullMatch: typeof ops.regexFullMatch = /* @__PURE__ */ lift(ops.regexFullMatch);
export const regexReplace: typeof ops.regexReplace = /* @__PURE__ */ lift(ops.regexReplace);
export const split: typeof ops.stringsSplit = /* @__PURE__ */ lift(ops.stringsSplit);
export const strip: typeof ops.stringStrip = /* @__PURE__ */ lift(ops.stringStrip);
export const substr: typeof ops.substr = /* @__PURE__ */ lift(ops.substr);
export const toHashBucket: typeof ops.stringToHashBucket = /* @__PURE__ */ lift(ops.stringToHashBucket);
export const toHashBucketFast: typeof ops.stringToHashBucketFast = /* @__PURE__ */ lift(
  ops.stringToHashBucketFast,
);
export const toHashBucketStrong: typeof ops.stringToHashBucketStrong = /* @__PURE__ */ lift(
  ops.stringToHashBucketStrong,
);
export const toNumber: typeof ops.stringToNumber = /* @__PURE__ */ lift(ops.stringToNumber);
export const unicodeTranscode: typeof ops.unicodeTranscode = /* @__PURE__ */ lift(ops.unicodeTranscode);
export const unsortedSegmentJoin: typeof ops.unsortedSegmentJoin = /* @__PURE__ */ lift(
  ops.unsortedSegmentJoin,
);
export const upper: typeof ops.stringUpper = /* @__PURE__ */ lift(ops.stringUpper);
