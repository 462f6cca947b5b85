export type { FeedKey, Feeds, FeedValue } from "./feeds.ts";
export type { Fetched, Fetches } from "./fetches.ts";
export {
  createSession,
  type NodePlacement,
  type RunOptions,
  Session,
  type SessionOptions,
} from "./session.ts";
export type { SessionStats } from "./stats.ts";
export { VariableState } from "./variable-state.ts";
