import type { OpEntry } from "../op-entry.ts";
/** Entries of the scatter updates. */
export declare const scatterOps: readonly OpEntry[];
