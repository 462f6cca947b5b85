// tf.Assert, tf.assert_*, tf.case, tf.Print, in the default graph where no graph is given: one line each, see @org/ops for what they do.
import * as ops from "@org/ops";
import { lift } from "./default-graph.ts";

export const Assert: typeof ops.Assert = /* @__PURE__ */ lift(ops.Assert);
export const Print: typeof ops.Print = /* @__PURE__ */ lift(ops.Print);
export const assertEqual: typeof ops.assertEqual = /* @__PURE__ */ lift(ops.assertEqual);
export const assertGreater: typeof ops.assertGreater = /* @__PURE__ */ lift(ops.assertGreater);
export const assertGreaterEqual: typeof ops.assertGreaterEqual = /* @__PURE__ */ lift(ops.assertGreaterEqual);
export const assertInteger: typeof ops.assertInteger = /* @__PURE__ */ lift(ops.assertInteger);
export const assertLess: typeof ops.assertLess = /* @__PURE__ */ lift(ops.assertLess);
export const assertLessEqual: typeof ops.assertLessEqual = /* @__PURE__ */ lift(ops.assertLessEqual);
export const assertNear: typeof ops.assertNear = /* @__PURE__ */ lift(ops.assertNear);
export const assertNegative: typeof ops.assertNegative = /* @__PURE__ */ lift(ops.assertNegative);
export const assertNoneEqual: typeof ops.assertNoneEqual = /* @__PURE__ */ lift(ops.assertNoneEqual);
export const assertNonNegative: typeof ops.assertNonNegative = /* @__PURE__ */ lift(ops.assertNonNegative);
export const assertNonPositive: typeof ops.assertNonPositive = /* @__PURE__ */ lift(ops.assertNonPositive);
export const assertPositive: typeof ops.assertPositive = /* @__PURE__ */ lift(ops.assertPositive);
export const assertRank: typeof ops.assertRank = /* @__PURE__ */ lift(ops.assertRank);
export const assertRankAtLeast: typeof ops.assertRankAtLeast = /* @__PURE__ */ lift(ops.assertRankAtLeast);
export const assertRankIn: typeof ops.assertRankIn = /* @__PURE__ */ lift(ops.assertRankIn);
export const assertScalar: typeof ops.assertScalar = /* @__PURE__ */ lift(ops.assertScalar);
export const assertType: typeof ops.assertType = /* @__PURE__ */ lift(ops.assertType);
export const verifyTensorAllFinite: typeof ops.verifyTensorAllFinite = /* @__PURE__ */ lift(
  ops.verifyTensorAllFinite,
);
const caseOf: typeof ops.case = /* @__PURE__ */ lift(ops.case);

export { caseOf as case };
