// CRC-32C (Castagnoli) and TensorFlow's mask over it, as tables, records, bundles and event files use it.
// Spec: RFC 3720, appendix B.4; core/lib/hash/crc32c.h. Eight bytes a step over eight tables ("slicing-by-8"); longer arrays in
// WebAssembly (crc32c-wasm.ts) where that is allowed.
import { type Crc32cRegister, wasmCrc32c } from "./crc32c-wasm.ts";

const polynomial = 0x82f63b78;

/** tables[k * 256 + b]: the checksum of byte b followed by k zero bytes. */
function makeTables(): Int32Array {
  const t = new Int32Array(8 * 256);
  for (let b = 0; b < 256; b++) {
    let c = b;
    for (let bit = 0; bit < 8; bit++) c = c & 1 ? (c >>> 1) ^ polynomial : c >>> 1;
    t[b] = c;
  }
  for (let k = 1; k < 8; k++)
    for (let b = 0; b < 256; b++) {
      const c = t[(k - 1) * 256 + b]!;
      t[k * 256 + b] = t[c & 255]! ^ (c >>> 8);
    }
  return t;
}

/** The register after `bytes`, one after the other, over the tables: where there is no WebAssembly, and for short arrays. */
function byTables(t: Int32Array, bytes: Uint8Array, register: number): number {
  const end = bytes.length;
  let c = register;
  let i = 0;
  for (; i + 8 <= end; i += 8) {
    const low = c ^ (bytes[i]! | (bytes[i + 1]! << 8) | (bytes[i + 2]! << 16) | (bytes[i + 3]! << 24));
    c =
      t[1792 + (low & 255)]! ^
      t[1536 + ((low >>> 8) & 255)]! ^
      t[1280 + ((low >>> 16) & 255)]! ^
      t[1024 + (low >>> 24)]! ^
      t[768 + bytes[i + 4]!]! ^
      t[512 + bytes[i + 5]!]! ^
      t[256 + bytes[i + 6]!]! ^
      t[bytes[i + 7]!]!;
  }
  for (; i < end; i++) c = t[(c ^ bytes[i]!) & 255]! ^ (c >>> 8);
  return c;
}

/** Shorter arrays are done before they are copied into a module's memory. */
const wasmFrom = 512;

/** A crc32c function, with WebAssembly where it is `allowed` and there is such a thing, else by tables in JavaScript. */
export function createCrc32c(allowed: boolean): typeof crc32c {
  let tables: Int32Array | undefined;
  let fast: Crc32cRegister | undefined;
  return (bytes, before = 0) => {
    if (tables === undefined) {
      tables = makeTables();
      fast = allowed ? wasmCrc32c(tables) : undefined;
    }
    const register =
      fast !== undefined && bytes.length >= wasmFrom
        ? fast(bytes, ~before)
        : byTables(tables, bytes, ~before);
    return ~register >>> 0;
  };
}

const standard = /* @__PURE__ */ createCrc32c(true);

/** The checksum of `bytes`, unsigned. Given the checksum of what comes before, that of both together. */
export function crc32c(bytes: Uint8Array, before = 0): number {
  return standard(bytes, before);
}

/** The form in which a checksum is stored beside its data: rotated and offset, so that it is not data's own checksum. */
export function maskCrc32c(crc: number): number {
  return (((crc >>> 15) | (crc << 17)) + 0xa282ead8) >>> 0;
}

/** The checksum that a stored form stands for. */
export function unmaskCrc32c(masked: number): number {
  const rotated = (masked - 0xa282ead8) >>> 0;
  return ((rotated >>> 17) | (rotated << 15)) >>> 0;
}
