// Keys are bytes in the file and names outside. A name that is not UTF-8 keeps its bytes as "\xNN", so that two
// such names stay two.
const strict = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
const encoder = new TextEncoder();

/** The name of a key. */
export function nameOfKey(key: Uint8Array): string {
  try {
    return strict.decode(key);
  } catch {
    let name = "";
    for (const byte of key)
      name +=
        byte < 0x20 || byte > 0x7e ? `\\x${byte.toString(16).padStart(2, "0")}` : String.fromCharCode(byte);
    return name;
  }
}

/** The key of a name. */
export function keyOfName(name: string): Uint8Array {
  return encoder.encode(name);
}
