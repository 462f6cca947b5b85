export { Barrier, type BarrierOptions, type TakeManyOptions, type Taken } from "./barrier.ts";
export {
  type MapPutOptions,
  MapStagingArea,
  type MapStagingOptions,
  type PickOptions,
} from "./map-staging-area.ts";
export {
  FIFOQueue,
  PaddingFIFOQueue,
  PriorityQueue,
  QueueBase,
  type QueueOptions,
  type QueueValues,
  RandomShuffleQueue,
} from "./queue.ts";
export { StagingArea, type StagingValues } from "./staging-area.ts";
export type { Staged, StagingOptions } from "./staging-base.ts";
