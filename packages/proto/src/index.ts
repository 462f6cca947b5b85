export { clone, create, decode, encode, equals, type MessageType } from "./codec.ts";
export * from "./gen/tensorflow.js";
