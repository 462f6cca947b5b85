export { type CondOptions, cond, merge, type TensorsOf, type Unpacked } from "./cond.ts";
export { controlOps } from "./control-ops.ts";
export { type Groupable, group, noOp, tuple, withDependencies } from "./group.ts";
export { type ShapeInvariant, type WhileOptions, whileLoop } from "./while-loop.ts";
