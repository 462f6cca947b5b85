export { checkMessage } from "./check-message.ts";
export { clone, create, decode, encode, encodeParts, equals, type MessageType } from "./codec.ts";
export { decodeLazily } from "./decode-lazily.ts";
export * from "./gen/tensorflow.js";
