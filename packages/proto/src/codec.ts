// encode, decode, clone, equals, create: one function each for every message type. The codec behind them is
// generated (src/gen); here are the error texts, the deep copies and what equality means.
// Not here: any meaning of a message.
import { TfError } from "@org/errors";
import { MessageReader, MessageWriter } from "./wire.ts";

/** A message class of this package, e.g. `GraphDef`. `I` is what it encodes, `T` what it decodes to. */
export interface MessageType<T extends object = object, I extends object = object> {
  /** Full name, e.g. "tensorflow.GraphDef". */
  readonly typeName: string;
  encode(message: I, writer?: MessageWriter): MessageWriter;
  decode(reader: MessageReader): T;
}

/** One writer for the many small messages of collections: its memory grows once. */
let idle: MessageWriter | undefined = new MessageWriter();
/** Above this it is left to the garbage collector. */
const keptMemory = 1 << 16;

/**
 * The message as wire bytes. Fields go in number order, maps in their own order, unknown fields last: a decoded
 * message that nobody changed gives the bytes that it came from, if a protobuf library of Google's wrote them.
 * Throws a TypeError where a 64-bit field holds neither a bigint nor a safe integer.
 */
export function encode<I extends object>(type: MessageType<object, I>, message: I): Uint8Array {
  // A message may encode others while it is encoded, and a failure leaves a writer half full: only one that finished is used again.
  const writer = idle?.begin() ?? new MessageWriter();
  idle = undefined;
  const bytes = type.encode(message, writer).finish();
  if (writer.buf.length <= keptMemory) idle = writer;
  return bytes;
}

/**
 * The wire bytes of `encode` in parts, one after the other: large values are parts of their own, and not copied. Write them
 * to where they go before the message changes.
 * Throws as `encode`.
 */
export function encodeParts<I extends object>(type: MessageType<object, I>, message: I): Uint8Array[] {
  return type.encode(message).parts();
}

/**
 * Reads wire bytes. Unknown fields are kept (`$unknowns`) and written again; maps keep the order of the wire, integer-like
 * keys included; 64-bit integers are bigint; nothing in the result shares memory with `bytes`.
 * Throws TfError DATA_LOSS, with the type and the byte offset, where the bytes are not a message; a TypeError where they are
 * not bytes.
 */
export function decode<T extends object>(type: MessageType<T>, bytes: Uint8Array): T {
  if (!(bytes instanceof Uint8Array)) throw new TypeError(`${type.typeName} is decoded from a Uint8Array`);
  const reader = new MessageReader(bytes);
  try {
    return type.decode(reader);
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new TfError("DATA_LOSS", `Unable to parse ${type.typeName} at byte ${reader.pos}: ${reason}`, {
      offset: reader.pos,
      cause,
    });
  }
}

/** A message of class `type` with everything in it, from plain objects; nested messages become classes too. Without `message`, an empty one. */
export function create<T extends object, I extends object>(type: MessageType<T, I>, message: I = {} as I): T {
  return decode(type, encode(type, message));
}

/** A deep copy, unknown fields and map order included. */
export function clone<T extends object, I extends object>(type: MessageType<T, I>, message: I): T {
  return create(type, message);
}

/**
 * Whether two messages are equal as protobuf means it: an absent field equals its default where the schema makes no
 * difference, maps have no order, NaN equals NaN, unknown fields are compared by their bytes.
 */
export function equals<I extends object>(type: MessageType<object, I>, a: I, b: I): boolean {
  return a === b || sameValue(create(type, a), create(type, b));
}

function sameValue(a: unknown, b: unknown): boolean {
  if (Object.is(a, b)) return true;
  if (typeof a !== "object" || typeof b !== "object" || a === null || b === null) return false;
  if (a instanceof Uint8Array) return b instanceof Uint8Array && sameBytes(a, b);
  if (Array.isArray(a))
    return Array.isArray(b) && a.length === b.length && a.every((value, i) => sameValue(value, b[i]));
  const left = a as Record<string, unknown>;
  const right = b as Record<string, unknown>;
  // Decoded messages hold own properties for what was on the wire, and for every list and map.
  const keys = Object.keys(left);
  if (keys.length !== Object.keys(right).length) return false;
  for (const key of keys) if (!Object.hasOwn(right, key) || !sameValue(left[key], right[key])) return false;
  return sameUnknowns(left.$unknowns, right.$unknowns);
}

function sameBytes(a: Uint8Array, b: Uint8Array): boolean {
  if (a.length !== b.length) return false;
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false;
  return true;
}

function sameUnknowns(a: unknown, b: unknown): boolean {
  if (a === undefined || b === undefined) return a === b;
  return sameValue(a, b);
}
