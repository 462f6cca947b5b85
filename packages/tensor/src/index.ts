export * from "./dtype.ts";
export * from "./nd-array.ts";
export * from "./shape.ts";
