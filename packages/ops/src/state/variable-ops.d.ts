import type { OpEntry } from "../op-entry.ts";
/** Entries of ops on reference variables. */
export declare const variableOps: readonly OpEntry[];
