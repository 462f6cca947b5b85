export { Barrier, type BarrierOptions, type TakeManyOptions, type Taken } from "./barrier.ts";
export {
  FIFOQueue,
  PaddingFIFOQueue,
  PriorityQueue,
  QueueBase,
  type QueueOptions,
  type QueueValues,
  RandomShuffleQueue,
} from "./queue.ts";
export { StagingArea, type StagingOptions, type StagingValues } from "./staging-area.ts";
