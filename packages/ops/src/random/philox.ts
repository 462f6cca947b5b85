// Philox 4x32-10, TensorFlow's counter-based generator: 128 bits a call, a skip is an addition to the counter.
// Not a distribution: see distributions.ts. Source: Salmon et al., "Parallel random numbers: as easy as 1, 2, 3";
// key and counter layout as in tensorflow/core/lib/random/philox_random.h.

const MULTIPLIER_A = 0xd2511f53;
const MULTIPLIER_B = 0xcd9e8d57;
const WEYL_A = 0x9e3779b9;
const WEYL_B = 0xbb67ae85;

/** The high 32 bits of a 32x32 bit product. */
function multiplyHigh(a: number, b: number): number {
  const aHigh = a >>> 16;
  const aLow = a & 0xffff;
  const bHigh = b >>> 16;
  const bLow = b & 0xffff;
  const middle = aHigh * bLow + ((aLow * bLow) >>> 16);
  const other = aLow * bHigh + (middle & 0xffff);
  return aHigh * bHigh + (middle >>> 16) + (other >>> 16);
}

/** A stream of 32-bit numbers, four a step. `key` is the first seed; the second is the upper half of the counter. */
export class Philox {
  readonly #key: readonly [number, number];
  readonly #counter: Uint32Array;

  private constructor(key: readonly [number, number], counter: Uint32Array) {
    this.#key = key;
    this.#counter = counter;
  }

  /** The generator of a random op with these seeds, as 64-bit two's complement integers. */
  static fromSeeds(seed: bigint, seed2: bigint): Philox {
    const low = BigInt.asUintN(64, seed);
    const high = BigInt.asUintN(64, seed2);
    return new Philox(
      [Number(low & 0xffffffffn), Number(low >> 32n)],
      Uint32Array.of(0, 0, Number(high & 0xffffffffn), Number(high >> 32n)),
    );
  }

  /** The generator of a stateless random op: its seeds (64-bit two's complement integers), mixed. Source: core/kernels/stateless_random_ops.cc. */
  static stateless(seed: bigint, seed2: bigint): Philox {
    const words = [seed, seed2].flatMap((one) => {
      const bits = BigInt.asUintN(64, one);
      return [Number(bits & 0xffffffffn), Number(bits >> 32n)];
    });
    const mix = new Uint32Array(4);
    new Philox([0x3ec8f720, 0x02461e29], Uint32Array.from(words)).next(mix);
    return new Philox([mix[0]!, mix[1]!], Uint32Array.of(0, 0, mix[2]!, mix[3]!));
  }

  /** An independent generator at the same position. */
  clone(): Philox {
    return new Philox(this.#key, this.#counter.slice());
  }

  /** Moves on by `steps` calls of `next`; throws a RangeError for a count that is no safe, non-negative integer. */
  skip(steps: number): void {
    if (!Number.isSafeInteger(steps) || steps < 0) throw new RangeError(`Cannot skip ${steps} steps`);
    const counter = this.#counter;
    let carry = 0;
    const words = [steps % 0x100000000, Math.floor(steps / 0x100000000), 0, 0];
    for (let i = 0; i < 4; i++) {
      const sum = counter[i]! + words[i]! + carry;
      counter[i] = sum;
      carry = sum >= 0x100000000 ? 1 : 0;
    }
  }

  /** Writes the next four numbers to `out`. */
  next(out: Uint32Array): void {
    const counter = this.#counter;
    let c0 = counter[0]!;
    let c1 = counter[1]!;
    let c2 = counter[2]!;
    let c3 = counter[3]!;
    let [keyA, keyB] = this.#key;
    for (let round = 0; round < 10; round++) {
      const lowA = Math.imul(MULTIPLIER_A, c0);
      const highA = multiplyHigh(MULTIPLIER_A, c0);
      const lowB = Math.imul(MULTIPLIER_B, c2);
      const highB = multiplyHigh(MULTIPLIER_B, c2);
      c0 = (highB ^ c1 ^ keyA) >>> 0;
      c1 = lowB >>> 0;
      c2 = (highA ^ c3 ^ keyB) >>> 0;
      c3 = lowA >>> 0;
      keyA = (keyA + WEYL_A) >>> 0;
      keyB = (keyB + WEYL_B) >>> 0;
    }
    out[0] = c0;
    out[1] = c1;
    out[2] = c2;
    out[3] = c3;
    for (let i = 0; i < 4; i++) {
      counter[i] = counter[i]! + 1;
      if (counter[i] !== 0) break;
    }
  }

  /** Hands out the four numbers of each step one by one, as TensorFlow's SingleSampleAdapter does. */
  singles(): () => number {
    const step = new Uint32Array(4);
    let used = 4;
    return () => {
      if (used === 4) {
        this.next(step);
        used = 0;
      }
      return step[used++]!;
    };
  }
}
