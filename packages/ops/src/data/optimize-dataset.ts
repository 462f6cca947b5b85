// OptimizeDataset: of what TensorFlow rewrites, only what shows in the elements: a shuffled data set that is repeated becomes one that does both,
// whose order is another. Source: core/grappler/optimizers/data/shuffle_and_repeat_fusion.cc.
import type { Dataset } from "./dataset.ts";
import { repetitionOf } from "./sequence-datasets.ts";
import { shuffleDataset, shuffleOf } from "./shuffle-dataset.ts";

function fused(dataset: Dataset): Dataset {
  const repetition = repetitionOf(dataset);
  const shuffled = repetition && shuffleOf(repetition.input);
  const count = repetition?.count ?? 0n;
  if (shuffled?.settings.kind === "reshuffling" && (count > 0n || count === -1n))
    return shuffleDataset(fused(shuffled.input), { ...shuffled.settings, kind: "repeating", count });
  return dataset.rebuilt?.(fused) ?? dataset;
}

/** `dataset` after the optimizations of these names. */
export function optimizedDataset(dataset: Dataset, optimizations: readonly string[]): Dataset {
  return optimizations.includes("shuffle_and_repeat_fusion") ? fused(dataset) : dataset;
}
