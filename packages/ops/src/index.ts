// What is public: gen/builders.ts has the functions and classes that are marked @tfExport with their files' types; the families' index.ts
// what else they give, this file what belongs to no family.
export { AggregationMethod } from "./aggregate-gradients.ts";
export { type ApplyOptions, applyOne, applyOp, type OpArgument } from "./apply-op.ts";
export * from "./array/index.ts";
export * from "./control/index.ts";
export { constantOf, resolveGraph, withScope } from "./convert.ts";
export * from "./data/index.ts";
export { defineOp, defineOps, type OpSpec } from "./define.ts";
export * from "./functions/index.ts";
export * from "./gen/builders.ts";
export { after, dense, type Grad, noGradient, several, single } from "./gradient.ts";
export * from "./host/index.ts";
export * from "./math/index.ts";
export * from "./nn/index.ts";
export type * from "./op-entry.ts";
export * from "./parsing/index.ts";
export * from "./queues/index.ts";
export * from "./random/index.ts";
export { arrayOps, mathOps, nnOps, standardOps } from "./registry.ts";
export * from "./sparse/index.ts";
export * from "./state/index.ts";
export * from "./strings/index.ts";
export * from "./tables/index.ts";
export type { NameOption, TensorConvertible, TensorLike, ValueLike } from "./tensor-like.ts";
export { holdsIntegers, inferDType, int32, toNdArray } from "./to-nd-array.ts";
