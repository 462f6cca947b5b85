export {
  FIFOQueue,
  PaddingFIFOQueue,
  PriorityQueue,
  QueueBase,
  type QueueOptions,
  type QueueValues,
  RandomShuffleQueue,
} from "./queue.ts";
