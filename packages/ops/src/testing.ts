// @org/ops/testing: what an op's test is made of, whoever wrote the op.
export { checkGradient, type GradientCheck, numericGradient } from "./testing/numeric-gradient.ts";
export {
  fromPlain,
  type PlainArray,
  plainDifference,
  plainNumber,
  type Tolerances,
  toPlain,
} from "./testing/plain-array.ts";
export {
  arraysOf,
  type CaseResult,
  type CaseValue,
  type CheckOptions,
  caseTitle,
  checkCase,
  checkUnknownShapes,
  errorCode,
  type OpCase,
  type RunGraph,
} from "./testing/recorded-case.ts";
export {
  type OpGradientCheck,
  type OpTest,
  type Recorded,
  type Runner,
  type TestFramework,
  testOp,
} from "./testing/test-op.ts";
