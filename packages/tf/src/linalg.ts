// tf.linalg: what is marked @tfExport in @org/ops.
export * from "./gen/linalg.ts";
