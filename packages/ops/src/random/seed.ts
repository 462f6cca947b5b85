// Seeds of random ops. The graph's seed and the op's seed make two numbers; an op without a seed of its own takes the
// number of ops that the graph has so far, so the same program gives the same numbers. Source: python/framework/random_seed.py.
import { currentGraph, type Graph } from "@org/graph";

/** What stands for the graph's seed where only the op has one. */
export const DEFAULT_GRAPH_SEED = 87654321;
const MAX_INT32 = 2 ** 31 - 1;

/** As Python's %: the result has the sign of the modulus. */
function truncate(seed: number): number {
  return ((seed % MAX_INT32) + MAX_INT32) % MAX_INT32;
}

/** tf.set_random_seed: the seed of a graph (default: the current one). Throws a TypeError where there is none. @tfExport setRandomSeed */
export function setRandomSeed(seed: number | null, graph: Graph | undefined = currentGraph()): void {
  if (!graph)
    throw new TypeError("setRandomSeed: give a graph, or call it inside graph.asDefault(() => ...)");
  graph.seed = seed;
}

/** tf.get_seed: the attributes seed and seed2 of a random op; undefined ones where neither graph nor op has a seed. @tfExport getSeed */
export function getSeed(
  opSeed: number | null | undefined,
  graph: Graph,
): readonly [number, number] | undefined {
  let seeds: readonly [number, number] | undefined;
  if (graph.seed !== null) seeds = [truncate(graph.seed), truncate(opSeed ?? graph.version)];
  else if (opSeed !== null && opSeed !== undefined) seeds = [DEFAULT_GRAPH_SEED, truncate(opSeed)];
  // Two zeros would mean: no seed.
  return seeds?.[0] === 0 && seeds[1] === 0 ? [0, MAX_INT32] : seeds;
}
