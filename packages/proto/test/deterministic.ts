/**
 * A decoded message with the entries of its maps sorted by key, as protobuf's deterministic serialization writes them:
 * strings by code point, integers by value (no golden file has strings that look like integers).
 */
export function deterministic<T>(message: T): T {
  if (typeof message !== "object" || message === null || message instanceof Uint8Array) return message;
  if (Array.isArray(message)) return message.map(deterministic) as T;
  const out = Object.create(Object.getPrototypeOf(message)) as Record<string, unknown>;
  const isMap = message.constructor === undefined;
  const keys = Object.keys(message);
  if (isMap && keys.every((key) => /^\d+$/.test(key))) keys.sort((a, b) => (BigInt(a) < BigInt(b) ? -1 : 1));
  else if (isMap) keys.sort();
  for (const key of keys) out[key] = deterministic((message as Record<string, unknown>)[key]);
  return out as T;
}

/** Whether a decoded message, or one inside it, has unknown fields. */
export function hasUnknowns(message: unknown): boolean {
  if (typeof message !== "object" || message === null || message instanceof Uint8Array) return false;
  return "$unknowns" in message || Object.values(message).some(hasUnknowns);
}
