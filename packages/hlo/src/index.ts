export * from "./backend.ts";
export * from "./builder.ts";
export * from "./evaluator/evaluate.ts";
export * from "./evaluator/evaluator-backend.ts";
export type { RunningSums } from "./evaluator/running-sums.ts";
export { floatBinary, floatUnary } from "./evaluator/scalar-functions.ts";
export { fuse, outlinedFusion } from "./fuse/fuse.ts";
export type { FusionOptions } from "./fuse/groups.ts";
export { makeFusion } from "./fuse/make-fusion.ts";
export { type FusionOutline, fuseAlike } from "./fuse/outline.ts";
export * from "./fusion.ts";
export * from "./instruction.ts";
export { loopNest } from "./nest/build-nest.ts";
export * from "./nest/loop-nest.ts";
export { type RowPasses, rowPasses } from "./nest/row-passes.ts";
export {
  binaryOpcodes,
  hloDTypes,
  isBinary,
  isElementwise,
  isFloat,
  isHloDType,
  isInteger,
  isTuple,
  isUnary,
  unaryOpcodes,
} from "./opcodes.ts";
export * from "./print.ts";
export { simplify } from "./simplify.ts";
export { OperandTypeError, type Typed, typeText } from "./typed.ts";
export * from "./verify.ts";
