export { ChromeTrace, type ChromeTraceEvent, type EventPlace } from "./chrome-trace.ts";
export { createSession } from "./create-session.ts";
export type { DeviceAttributes } from "./device-names.ts";
export type { FeedKey, Feeds, FeedValue } from "./feeds.ts";
export type { Fetched, Fetches } from "./fetches.ts";
export type { PassedOver } from "./placement.ts";
export type { NodePlacement } from "./placements.ts";
export { type Callable, Session } from "./session.ts";
export type { RunBehaviour, RunOptions, SessionOptions } from "./session-options.ts";
export type { SessionStats } from "./stats.ts";
export {
  type AllocationMaximum,
  type StepStatsAnalysis,
  Timeline,
  type TimelineOptions,
} from "./timeline.ts";
export { VariableState } from "./variable-state.ts";
