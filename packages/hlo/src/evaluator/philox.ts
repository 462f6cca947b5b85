// Philox 4x32-10 (Salmon et al., "Parallel random numbers: as easy as 1, 2, 3", SC11): a counter of 128 bits and a
// key of 64 give four words. Words are in TensorFlow's order: little-endian counter, one block after the other.

/** The upper and lower 32 bits of a product. */
function multiply(a: number, b: number): readonly [number, number] {
  const [aHigh, aLow, bHigh, bLow] = [a >>> 16, a & 0xffff, b >>> 16, b & 0xffff];
  const low = aLow * bLow;
  const middle = aHigh * bLow + (low >>> 16);
  const cross = aLow * bHigh + (middle & 0xffff);
  const high = aHigh * bHigh + Math.floor(middle / 65536) + Math.floor(cross / 65536);
  return [high >>> 0, Math.imul(a, b) >>> 0];
}

/** One block of four words. */
export function philoxBlock(
  key: readonly [number, number],
  counter: readonly [number, number, number, number],
): [number, number, number, number] {
  let [k0, k1] = key;
  let [c0, c1, c2, c3] = counter;
  for (let round = 0; round < 10; round++) {
    const [high0, low0] = multiply(0xd2511f53, c0);
    const [high1, low1] = multiply(0xcd9e8d57, c2);
    [c0, c1, c2, c3] = [(high1 ^ c1 ^ k0) >>> 0, low1, (high0 ^ c3 ^ k1) >>> 0, low0];
    k0 = (k0 + 0x9e3779b9) >>> 0;
    k1 = (k1 + 0xbb67ae85) >>> 0;
  }
  return [c0, c1, c2, c3];
}

/** Fills `out` with the words of the blocks at counter, counter + 1 ...; what is left of the last block is dropped. */
export function philoxFill(out: Uint32Array, key: Uint32Array, counter: Uint32Array): void {
  const pair = [key[0]!, key[1]!] as const;
  const at: [number, number, number, number] = [counter[0]!, counter[1]!, counter[2]!, counter[3]!];
  for (let i = 0; i < out.length; i += 4) {
    const block = philoxBlock(pair, at);
    for (let j = 0; j < 4 && i + j < out.length; j++) out[i + j] = block[j]!;
    for (let word = 0; word < 4; word++) {
      at[word] = (at[word]! + 1) >>> 0;
      if (at[word] !== 0) break;
    }
  }
}
