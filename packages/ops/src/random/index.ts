export { identityInitializer, orthogonalInitializer } from "./initializers.ts";
export { DEFAULT_GRAPH_SEED } from "./seed.ts";
