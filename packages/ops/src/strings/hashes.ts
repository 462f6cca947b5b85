// Hashes of strings that TensorFlow fixes in files: Hash64 (MurmurHash64A, its seed) and SipHash-2-4. FarmHash's Fingerprint64: host/fingerprint64.ts.
// Source: core/lib/hash/hash.cc; SipHash: Aumasson and Bernstein, "SipHash: a fast short-input PRF", 2012.
const mask = 0xffffffffffffffffn;

/** Eight bytes, lowest first; what is beyond the end is 0. */
function word(bytes: Uint8Array, at: number): bigint {
  let value = 0n;
  for (let i = Math.min(at + 8, bytes.length) - 1; i >= at; i--) value = (value << 8n) | BigInt(bytes[i]!);
  return value;
}

/** TensorFlow's Hash64; its default seed unless another is given. */
export function hash64(bytes: Uint8Array, seed = 0xdecafcaffen): bigint {
  const m = 0xc6a4a7935bd1e995n;
  const times = (x: bigint): bigint => (x * m) & mask;
  let hash = seed ^ times(BigInt(bytes.length));
  const whole = bytes.length - (bytes.length % 8);
  for (let at = 0; at < whole; at += 8) {
    const k = times(word(bytes, at));
    hash = times(hash ^ times(k ^ (k >> 47n)));
  }
  if (whole < bytes.length) hash = times(hash ^ word(bytes, whole));
  hash = times(hash ^ (hash >> 47n));
  return hash ^ (hash >> 47n);
}

const rotate = (x: bigint, bits: bigint): bigint => ((x << bits) | (x >> (64n - bits))) & mask;

/** SipHash-2-4 under a key of two 64-bit numbers. */
export function sipHash(key: readonly [bigint, bigint], bytes: Uint8Array): bigint {
  const [k0, k1] = key;
  let v0 = k0 ^ 0x736f6d6570736575n;
  let v1 = k1 ^ 0x646f72616e646f6dn;
  let v2 = k0 ^ 0x6c7967656e657261n;
  let v3 = k1 ^ 0x7465646279746573n;
  const rounds = (count: number): void => {
    for (let i = 0; i < count; i++) {
      v0 = (v0 + v1) & mask;
      v1 = rotate(v1, 13n) ^ v0;
      v0 = rotate(v0, 32n);
      v2 = (v2 + v3) & mask;
      v3 = rotate(v3, 16n) ^ v2;
      v0 = (v0 + v3) & mask;
      v3 = rotate(v3, 21n) ^ v0;
      v2 = (v2 + v1) & mask;
      v1 = rotate(v1, 17n) ^ v2;
      v2 = rotate(v2, 32n);
    }
  };
  const mix = (m: bigint): void => {
    v3 ^= m;
    rounds(2);
    v0 ^= m;
  };
  const whole = bytes.length - (bytes.length % 8);
  for (let at = 0; at < whole; at += 8) mix(word(bytes, at));
  mix(word(bytes, whole) | (BigInt(bytes.length & 0xff) << 56n));
  v2 ^= 0xffn;
  rounds(4);
  return v0 ^ v1 ^ v2 ^ v3;
}
