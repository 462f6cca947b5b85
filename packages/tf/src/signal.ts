// tf.signal (tf.spectral): what is marked @tfExport in @org/ops.
export * from "./gen/signal.ts";
