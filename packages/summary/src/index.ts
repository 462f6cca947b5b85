export { EventFileWriter, type EventFileWriterOptions } from "./event-file-writer.ts";
export { EventsWriter, type EventsWriterOptions, eventFileVersion } from "./events-writer.ts";
export { FileWriter, type FileWriterOptions, type GlobalStep, type GraphLike } from "./file-writer.ts";
export {
  type EventAt,
  readEvents,
  type SummaryIteratorOptions,
  summaryIterator,
} from "./summary-iterator.ts";
