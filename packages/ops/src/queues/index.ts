export { QueueBase } from "./queue.ts";
export type { Staged, StagingOptions } from "./staging-base.ts";
