import { createOpRegistry, type OpRegistry } from "./op-registry.ts";
export const coreOps: OpRegistry = createOpRegistry([]);
