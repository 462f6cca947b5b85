export { Assert, type AssertOptions } from "./assert.ts";
export { type CaseOptions, case, type PredicateAndBranch } from "./case.ts";
export {
  assertEqual,
  assertGreater,
  assertGreaterEqual,
  assertInteger,
  assertLess,
  assertLessEqual,
  assertNear,
  assertNegative,
  assertNoneEqual,
  assertNonNegative,
  assertNonPositive,
  assertPositive,
  assertScalar,
  assertType,
  type BinaryCheck,
  type CheckOptions,
  type NearOptions,
  type UnaryCheck,
} from "./check-ops.ts";
export { assertRank, assertRankAtLeast, assertRankIn } from "./check-rank.ts";
export { type CondOptions, cond, merge, type TensorsOf, type Unpacked } from "./cond.ts";
export { controlOps } from "./control-ops.ts";
export { type Groupable, group, noOp, tuple, withDependencies } from "./group.ts";
export { verifyTensorAllFinite } from "./verify-finite.ts";
export { type ShapeInvariant, type WhileOptions, whileLoop } from "./while-loop.ts";
