// tf.strings: what is marked @tfExport in @org/ops.
export * from "./gen/strings.ts";
