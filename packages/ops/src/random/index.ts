export * from "./initializers.ts";
export * from "./random.ts";
export { randomOps } from "./random-ops.ts";
export { DEFAULT_GRAPH_SEED, getSeed, setRandomSeed } from "./seed.ts";
