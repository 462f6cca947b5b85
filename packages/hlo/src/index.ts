export * from "./backend.ts";
export * from "./builder.ts";
export * from "./fusion.ts";
export * from "./instruction.ts";
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
