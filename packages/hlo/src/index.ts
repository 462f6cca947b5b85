export * from "./backend.ts";
export * from "./builder.ts";
export * from "./evaluator/evaluate.ts";
export * from "./evaluator/evaluator-backend.ts";
export * from "./fusion.ts";
export * from "./instruction.ts";
export * from "./loop-nest.ts";
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
export { type Typed, typeText } from "./typed.ts";
export * from "./verify.ts";
