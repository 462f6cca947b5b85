export * from "./convert.ts";
export * from "./dtype.ts";
export * from "./half.ts";
export * from "./nd-array.ts";
export * from "./read-out.ts";
export * from "./shape.ts";
export * from "./shape-proto.ts";
export * from "./tensor-proto.ts";
