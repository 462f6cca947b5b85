// The two seeds of a shuffle as tensors. Source: python/data/util/random_seed.py.
import type { Graph, Tensor } from "@org/graph";
import { ndArray } from "@org/tensor";
import { convertToTensor } from "../convert.ts";
import { equal, logicalAnd } from "../math/comparison.ts";
import { where } from "../math/select.ts";
import { getSeed } from "../random/seed.ts";

const int64 = (value: number, name?: string): Tensor =>
  convertToTensor(ndArray("int64", [], BigInt64Array.of(BigInt(value))), { name });

/** Zeros, which mean any order, where neither graph nor shuffle has a seed. */
export function shuffleSeeds(seed: number | undefined, graph: Graph): readonly [Tensor, Tensor] {
  const seeds = getSeed(seed, graph);
  if (!seeds) return [int64(0, "seed"), int64(0, "seed2")];
  const first = int64(seeds[0], "seed");
  const second = graph.nameScope("seed2", (scope) => {
    const given = int64(seeds[1]);
    const bothZero = logicalAnd(equal(first, 0), equal(given, 0));
    return where(bothZero, int64(2 ** 31 - 1), given, { name: scope });
  });
  return [first, second];
}
