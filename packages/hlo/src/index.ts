export * from "./backend.ts";
export * from "./fusion.ts";
export * from "./instruction.ts";
