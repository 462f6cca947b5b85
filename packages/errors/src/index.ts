export { type ErrorCode, errorCodes } from "./codes.ts";
export { isTfError, TfError, type TfErrorOptions, type TfErrorPlace } from "./tf-error.ts";
