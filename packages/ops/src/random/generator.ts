// A random op's generator: it lives as long as the node's session and moves on with each run. Source: core/util/guarded_philox_random.cc.
import type { HostContext } from "../op-entry.ts";
import { Philox } from "./philox.ts";

/** A generator from the node's seeds, or from a random one where both are 0. */
export function newGenerator(c: HostContext): Philox {
  let seed = c.attrs.bigint("seed");
  let seed2 = c.attrs.bigint("seed2");
  if (seed === 0n && seed2 === 0n) {
    const word = (): bigint => {
      const [low, high] = c.randomSeed();
      return BigInt(low) | (BigInt(high) << 32n);
    };
    seed = word();
    seed2 = word();
  }
  return Philox.fromSeeds(seed, seed2);
}

/** The node's generator, which each execution moves on. */
export function generator(c: HostContext): Philox {
  return c.sequence(
    () => newGenerator(c),
    (from) => from.clone(),
  );
}
