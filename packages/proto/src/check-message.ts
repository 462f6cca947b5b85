// Misuse of functions that take a message: what is no message has none of its fields, and would pass for an empty one.

/**
 * Throws a TypeError "<taker> takes a <name>, not <what was passed>: <advice>" where `value` is no message: a path, bytes, a promise that nobody has
 * awaited, an array. Plain objects pass; their fields are not looked at.
 */
export function checkMessage(value: unknown, taker: string, name: string, advice: string): void {
  const what = otherThanMessage(value);
  if (what !== undefined) throw new TypeError(`${taker} takes a ${name}, not ${what}: ${advice}`);
}

function otherThanMessage(value: unknown): string | undefined {
  if (value === null) return "null";
  if (typeof value === "string") return "a string";
  if (typeof value !== "object") return String(value);
  if (ArrayBuffer.isView(value) || value instanceof ArrayBuffer) return "bytes";
  if (Array.isArray(value)) return "an array";
  if (value instanceof URL) return "a URL";
  if (typeof (value as { then?: unknown }).then === "function")
    return "a promise (is there an await missing?)";
  return undefined;
}
