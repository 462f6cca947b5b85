// FarmHash's Fingerprint64: a 64-bit hash of bytes that is the same everywhere and for ever. TensorFlow puts words that are in no
// vocabulary into buckets by it. Specified by github.com/google/farmhash, farmhashna::Hash64.
const k0 = 0xc3a5c85c97cb3127n;
const k1 = 0xb492b66fbe98f273n;
const k2 = 0x9ae16a3b2f90404fn;
const mask = 0xffffffffffffffffn;

const u64 = (x: bigint): bigint => x & mask;
const rotate = (x: bigint, bits: bigint): bigint => {
  const value = u64(x);
  return u64((value >> bits) | (value << (64n - bits)));
};
const shiftMix = (x: bigint): bigint => x ^ (x >> 47n);

function hashLength16(u: bigint, v: bigint, mul: bigint): bigint {
  const left = u64(u);
  const right = u64(v);
  const a = shiftMix(u64((left ^ right) * mul));
  return u64(shiftMix(u64((right ^ a) * mul)) * mul);
}

type Pair = readonly [bigint, bigint];
type Fetch = (at: number) => bigint;

function weakHash32(fetch: Fetch, at: number, seedA: bigint, seedB: bigint): Pair {
  const [w, x, y, z] = [fetch(at), fetch(at + 8), fetch(at + 16), fetch(at + 24)];
  const a = u64(seedA + w);
  const b = rotate(seedB + a + z, 21n);
  const sum = u64(a + x + y);
  return [u64(sum + z), u64(b + rotate(sum, 44n) + a)];
}

function short(bytes: Uint8Array, view: DataView, fetch: Fetch): bigint {
  const { length } = bytes;
  const mul = k2 + BigInt(length) * 2n;
  if (length >= 8) {
    const a = u64(fetch(0) + k2);
    const b = fetch(length - 8);
    return hashLength16(rotate(b, 37n) * mul + a, (rotate(a, 25n) + b) * mul, mul);
  }
  if (length >= 4) {
    const [a, b] = [view.getUint32(0, true), view.getUint32(length - 4, true)];
    return hashLength16(BigInt(length) + (BigInt(a) << 3n), BigInt(b), mul);
  }
  if (length === 0) return k2;
  const y = BigInt(bytes[0]! + (bytes[length >> 1]! << 8));
  const z = BigInt(length + (bytes[length - 1]! << 2));
  return u64(shiftMix(u64(y * k2) ^ u64(z * k0)) * k2);
}

function medium(length: number, fetch: Fetch): bigint {
  const mul = k2 + BigInt(length) * 2n;
  const longer = length > 32;
  const a = u64(fetch(0) * (longer ? k2 : k1));
  const b = fetch(8);
  const c = u64(fetch(length - 8) * mul);
  const d = u64(fetch(length - 16) * k2);
  const y = u64(rotate(a + b, 43n) + rotate(c, 30n) + d);
  const z = hashLength16(y, a + rotate(b + k2, 18n) + c, mul);
  if (!longer) return z;
  const e = u64(fetch(16) * mul);
  const f = fetch(24);
  const g = u64((y + fetch(length - 32)) * mul);
  const h = u64((z + fetch(length - 24)) * mul);
  return hashLength16(rotate(e + f, 43n) + rotate(g, 30n) + h, e + rotate(f + a, 18n) + g, mul);
}

function long(length: number, fetch: Fetch): bigint {
  const seed = 81n;
  let x = u64(seed * k2 + fetch(0));
  let y = u64(seed * k1 + 113n);
  let z = u64(shiftMix(u64(y * k2 + 113n)) * k2);
  let v: Pair = [0n, 0n];
  let w: Pair = [0n, 0n];
  const end = ((length - 1) >> 6) * 64;
  const left = BigInt((length - 1) & 63);
  for (let at = 0; at < end; at += 64) {
    x = u64(rotate(x + y + v[0] + fetch(at + 8), 37n) * k1) ^ w[1];
    y = u64(rotate(y + v[1] + fetch(at + 48), 42n) * k1 + v[0] + fetch(at + 40));
    z = u64(rotate(z + w[0], 33n) * k1);
    v = weakHash32(fetch, at, u64(v[1] * k1), x + w[0]);
    w = weakHash32(fetch, at + 32, z + w[1], y + fetch(at + 16));
    [z, x] = [x, z];
  }
  const mul = u64(k1 + ((z & 0xffn) << 1n));
  const at = length - 64;
  w = [u64(w[0] + left), w[1]];
  v = [u64(v[0] + w[0]), v[1]];
  w = [u64(w[0] + v[0]), w[1]];
  x = u64(rotate(x + y + v[0] + fetch(at + 8), 37n) * mul) ^ u64(w[1] * 9n);
  y = u64(rotate(y + v[1] + fetch(at + 48), 42n) * mul + v[0] * 9n + fetch(at + 40));
  z = u64(rotate(z + w[0], 33n) * mul);
  v = weakHash32(fetch, at, u64(v[1] * mul), x + w[0]);
  w = weakHash32(fetch, at + 32, z + w[1], y + fetch(at + 16));
  [z, x] = [x, z];
  return hashLength16(
    hashLength16(v[0], w[0], mul) + shiftMix(y) * k0 + z,
    hashLength16(v[1], w[1], mul) + x,
    mul,
  );
}

/** The fingerprint, an unsigned 64-bit number. */
export function fingerprint64(bytes: Uint8Array): bigint {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const fetch: Fetch = (at) => view.getBigUint64(at, true);
  if (bytes.length <= 16) return short(bytes, view, fetch);
  return bytes.length <= 64 ? medium(bytes.length, fetch) : long(bytes.length, fetch);
}
