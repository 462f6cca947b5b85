export type * from "./op-entry.ts";
