// float16 and bfloat16 as numbers, and back: round to nearest, ties to even, by way of float32 (as Eigen does).
const word = new Uint32Array(1);
const single = new Float32Array(word.buffer);

/** The number that 16 bits of IEEE binary16 mean. */
export function halfToNumber(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >> 10) & 31;
  const fraction = bits & 1023;
  if (exponent === 31) return fraction ? Number.NaN : sign * Number.POSITIVE_INFINITY;
  if (exponent === 0) return sign * fraction * 2 ** -24;
  return sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
}

/** The nearest binary16 of a number's float32. */
export function numberToHalf(value: number): number {
  single[0] = value;
  const bits = word[0]!;
  const sign = (bits >>> 16) & 0x8000;
  const magnitude = Math.abs(single[0]!);
  if (Number.isNaN(magnitude)) return sign | 0x7e00;
  if (magnitude >= 65520) return sign | 0x7c00; // halfway to 65536 rounds up
  if (magnitude < 2 ** -14) return sign | roundEven(magnitude * 2 ** 24); // subnormal; 1024 is the first normal
  const exponent = ((bits >>> 23) & 255) - 127;
  const scaled = roundEven(magnitude * 2 ** (10 - exponent)); // in [1024, 2048]
  return sign | (((exponent + 15) << 10) + (scaled - 1024)); // 2048 carries into the exponent
}

/** The number that 16 bits of bfloat16 mean. */
export function bfloat16ToNumber(bits: number): number {
  word[0] = bits << 16;
  return single[0]!;
}

/** The nearest bfloat16 of a number's float32. */
export function numberToBfloat16(value: number): number {
  single[0] = value;
  const bits = word[0]!;
  if (Number.isNaN(value)) return 0x7fc0;
  return ((bits + 0x7fff + ((bits >>> 16) & 1)) >>> 16) & 0xffff;
}

/** The nearest integer, ties to even; the sign of zero stays. */
export function roundEven(value: number): number {
  if (!(Math.abs(value) < 2 ** 52)) return value;
  const floor = Math.floor(value);
  const rest = value - floor;
  const rounded = rest < 0.5 ? floor : rest > 0.5 ? floor + 1 : floor % 2 === 0 ? floor : floor + 1;
  return rounded === 0 ? (value < 0 || Object.is(value, -0) ? -0 : 0) : rounded;
}
