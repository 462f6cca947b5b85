export { controlOps } from "./control-ops.ts";
export { type Groupable, group, noOp, tuple, withDependencies } from "./group.ts";
