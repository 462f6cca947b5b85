export type { OutputEncoding } from "./code-points.ts";
