// tf.math: what is marked @tfExport in @org/ops.
export * from "./gen/math.ts";
