// Nests of fusions that were made from them: whoever prepares a fusion asks for its loops again.
import type { Fusion } from "../fusion.ts";
import type { LoopNest } from "./loop-nest.ts";

const nests: WeakMap<Fusion, LoopNest> = new WeakMap();

/** Notes the nest that a fusion was made from. */
export function keepNest(fusion: Fusion, nest: LoopNest): void {
  nests.set(fusion, nest);
}

/** The nest that was noted for a fusion. */
export function keptNest(fusion: Fusion): LoopNest | undefined {
  return nests.get(fusion);
}
