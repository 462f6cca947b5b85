export {
  evaluateConstant as constantValue,
  evaluateShape as constantValueAsShape,
} from "./constant-folding.ts";
