// CRC-32C of long arrays by WebAssembly, about seven times as fast as tables alone. The module is crc32c.wat, assembled and
// inlined: no file to be found at run time. Not here: who decides whether it is used (crc32c.ts).

const module = // 499 bytes
  "AGFzbQEAAAABDgJgA39/fwBgA39/fwF/AwMCAAEFAwEAAgcZAwZtZW1vcnkCAARmb2xkAAAFdGFibGUAAQqzAwLLAQEBfyAA" +
  "QZspayEDIAFBmylrIQECQANAIAMgAU8NASACIAL9AAQAIAP9AAScI/1RIAP9AAS/FSAD/QAEAP1R/VH9CwQAIAIgAv0ABBAg" +
  "A/0ABKwj/VEgA/0ABM8VIAP9AAQQ/VH9Uf0LBBAgAiAC/QAEICAD/QAEvCP9USAD/QAE3xUgA/0ABCD9Uf1R/QsEICACIAL9" +
  "AAQwIAP9AATMI/1RIAP9AATvFSAD/QAEMP1R/VH9CwQwIANBwABqIQMgAkHAAGohAgwACwsL4wECAX4CfwJAA0AgAUEIaiAC" +
  "Sw0BIAEpAwAgAK2FIQMgA6chBCADQiCIpyEFIARB/wFxQQJ0KAKAOCAEQQh2Qf8BcUECdCgCgDBzIARBEHZB/wFxQQJ0KAKA" +
  "KCAEQRh2QQJ0KAKAIHNzIAVB/wFxQQJ0KAKAGCAFQQh2Qf8BcUECdCgCgBBzIAVBEHZB/wFxQQJ0KAKACCAFQRh2QQJ0KAIA" +
  "c3NzIQAgAUEIaiEBDAALCwJAA0AgASACTw0BIAAgAS0AAHNB/wFxQQJ0KAIAIABBCHZzIQAgAUEBaiEBDAALCyAACw==";

/** Bytes by which crc32c.wat's `fold` reaches back, and those that it handles a turn. */
const reach = 5275;
const turn = 64;
/** Where the bytes to work on lie: behind the tables, with room for `reach` bytes of the past before them. */
const room = 16384;
const roomSize = 57344;
/** Where in the room the last bytes lie while they are folded, out of the way of the zeros that stand for them. */
const tail = 8192;
/** From here on `fold` and the 5 KB by tables after it are faster than tables for all. */
const foldFrom = 16384;

interface Exports {
  readonly memory: WebAssembly.Memory;
  readonly fold: (at: number, end: number, out: number) => void;
  readonly table: (crc: number, at: number, end: number) => number;
}

/** The register after the bytes, given the one before; both inverted, as the algorithm has them. */
export type Crc32cRegister = (bytes: Uint8Array, register: number) => number;

/**
 * The function over `tables` (8 of 256), or undefined where there is no WebAssembly, no SIMD in it, or the page's policy forbids
 * making code.
 */
export function wasmCrc32c(tables: Int32Array): Crc32cRegister | undefined {
  let exports: Exports;
  try {
    const code = Uint8Array.from(atob(module), (character) => character.charCodeAt(0));
    exports = new WebAssembly.Instance(new WebAssembly.Module(code)).exports as unknown as Exports;
  } catch {
    return undefined;
  }
  const { memory, fold, table } = exports;
  new Int32Array(memory.buffer, 0, tables.length).set(tables);
  const bytesOf = new Uint8Array(memory.buffer);

  const byTables: Crc32cRegister = (bytes, register) => {
    let crc = register;
    for (let at = 0; at < bytes.length; at += roomSize) {
      const part = bytes.subarray(at, at + roomSize);
      bytesOf.set(part, room);
      crc = table(crc, room, room + part.length);
    }
    return crc;
  };

  return (bytes, register) => {
    if (bytes.length < foldFrom) return byTables(bytes, register);
    const folded = Math.floor((bytes.length - reach) / turn) * turn;
    bytesOf.fill(0, room - reach, room);
    for (let at = 0; at < folded; at += roomSize) {
      const length = Math.min(roomSize, folded - at);
      bytesOf.set(bytes.subarray(at, at + length), room);
      // What comes before the bytes counts as if it were added to their first four.
      if (at === 0) for (let i = 0; i < 4; i++) bytesOf[room + i]! ^= register >>> (8 * i);
      fold(room, room + length, room);
      bytesOf.copyWithin(room - reach, room + length - reach, room + length);
    }
    const rest = bytes.length - folded;
    const end = Math.ceil(rest / turn) * turn;
    bytesOf.fill(0, room, room + end);
    bytesOf.set(bytes.subarray(folded), room + tail);
    fold(room, room + end, room + tail);
    return table(0, room + tail, room + tail + rest);
  };
}
