export { fromText } from "./text/from-text.ts";
export { type ToTextOptions, toText } from "./text/to-text.ts";
