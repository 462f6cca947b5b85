// tf.image: what is marked @tfExport in @org/ops.
export { ResizeMethod } from "@org/ops";
export * from "./gen/image.ts";
