// Which way a matrix product goes: by panels (packed or as they lie), by dot products, or with its operands exchanged.
// Decided by sizes when a fusion is prepared; thresholds were measured (bench/gemm.mjs).
import { dotsArguments } from "./gemm-dots.ts";
import { panelColumns, panelRows } from "./gemm-micro.ts";
import { gemmArguments } from "./gemm-module.ts";

/** A matrix product: strides in elements. C is dense. */
export interface Product {
  readonly m: number;
  readonly n: number;
  readonly k: number;
  readonly a: readonly [row: number, column: number];
  readonly b: readonly [row: number, column: number];
}

/** One call, for one batch: words of the argument block, with places for addresses. */
export interface ProductCall {
  readonly entry: "gemm" | "dots";
  readonly words: Int32Array;
  /** Word indices of the addresses; A, B and C are moved by these bytes. */
  readonly a: number;
  readonly b: number;
  readonly c: number;
  readonly aOffset: number;
  readonly cOffset: number;
  readonly scratchA: number;
  readonly scratchB: number;
}

export interface ProductPlan {
  readonly calls: readonly ProductCall[];
  /** Bytes of scratch memory for packed panels. */
  readonly scratchA: number;
  readonly scratchB: number;
}

const kBlock = 256;
const nBlock = 512;

/** The calls of one batch. `tile` is the address of 192 bytes for the last columns. */
export function planProduct(product: Product, relaxed: boolean, tile: number): ProductPlan {
  const { m, n, k, a, b } = product;
  const contiguous = (stride: number): boolean => stride === 1 || k === 1;
  // Rows of x against rows of w, both contiguous along k.
  if (contiguous(b[0]) && contiguous(a[1]) && (m <= 2 || n === 1)) {
    if (n === 1 && m > 1) return dots([{ count: m, x: "b", wRow: a[0], aOffset: 0, cOffset: 0 }], k);
    const rows = Array.from({ length: m }, (_, i) => ({
      count: n,
      x: "a" as const,
      wRow: b[1],
      aOffset: i * a[0] * 4,
      cOffset: i * n * 4,
    }));
    return dots(rows, k);
  }
  // A column of C: its transpose is a row, and wide kernels are for rows.
  if (n === 1 && a[0] === 1 && m > 1) {
    return panels({ m: 1, n: m, k, a: [k, b[0]], b: [a[1], 1] }, relaxed, tile, true);
  }
  return panels(product, relaxed, tile, false);
}

interface DotRow {
  readonly count: number;
  /** Which operand is the vector; the other is the matrix. */
  readonly x: "a" | "b";
  readonly wRow: number;
  readonly aOffset: number;
  readonly cOffset: number;
}

function dots(rows: readonly DotRow[], k: number): ProductPlan {
  const calls = rows.map(({ count, x, wRow, aOffset, cOffset }): ProductCall => {
    const at = (key: (typeof dotsArguments)[number]): number => dotsArguments.indexOf(key);
    const words = new Int32Array(dotsArguments.length);
    words[at("count")] = count;
    words[at("k")] = k;
    words[at("wRow")] = wRow * 4;
    words[at("outStep")] = 4;
    const [a, b] = x === "a" ? [at("x"), at("w")] : [at("w"), at("x")];
    return { entry: "dots", words, a, b, c: at("out"), aOffset, cOffset, scratchA: -1, scratchB: -1 };
  });
  return { calls, scratchA: 0, scratchB: 0 };
}

function panels({ m, n, k, a, b }: Product, relaxed: boolean, tile: number, exchanged: boolean): ProductPlan {
  const mr = panelRows(relaxed);
  const mBlock = mr * 16;
  // Few rows do not pay for packing B; many do, also for the sake of the cache.
  const packB = (b[1] !== 1 && n > 1) || m >= (relaxed ? 160 : 64);
  const aRowsContiguous = a[1] === 1;
  const aPanelsContiguous = a[0] === 1 || m === 1;
  // Rows whose distance is a multiple of 4 KiB fall on the same cache sets; without unrolling, each row costs an address.
  const packA =
    m > 1 &&
    (aRowsContiguous
      ? (!relaxed || (a[0] * 4) % 4096 === 0) && n >= 64 && m >= 16
      : !aPanelsContiguous || n >= 64);
  const values: Record<(typeof gemmArguments)[number], number> = {
    m,
    n,
    k,
    a: 0,
    b: 0,
    c: 0,
    accumulate: 0,
    scratchA: 0,
    scratchB: 0,
    tile,
    kBlock,
    mBlock,
    aRow: a[0] * 4,
    aCol: a[1] * 4,
    bRow: b[0] * 4,
    bCol: b[1] * 4,
    cRow: n * 4,
    packA: Number(packA),
    packB: Number(packB),
    nBlock: packB ? nBlock : 0x7fffffff,
  };
  const at = (key: (typeof gemmArguments)[number]): number => gemmArguments.indexOf(key);
  const [first, second] = exchanged ? [at("b"), at("a")] : [at("a"), at("b")];
  const call: ProductCall = {
    entry: "gemm",
    words: Int32Array.from(gemmArguments, (key) => values[key]),
    a: first,
    b: second,
    c: at("c"),
    aOffset: 0,
    cOffset: 0,
    scratchA: packA ? at("scratchA") : -1,
    scratchB: packB ? at("scratchB") : -1,
  };
  const depth = Math.min(k, kBlock);
  const up = (size: number, to: number): number => Math.ceil(size / to) * to;
  return {
    calls: [call],
    scratchA: packA ? up(Math.min(m, mBlock), mr) * depth * 4 : 0,
    scratchB: packB ? up(Math.min(n, nBlock), panelColumns) * depth * 4 : 0,
  };
}
