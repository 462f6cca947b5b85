// What TensorFlow 1.15 puts behind every data set that an iterator goes through: an optimizer of data sets, and a model of its speed.
// Source: DatasetV2._apply_options in python/data/ops/dataset_ops.py.
import type { Tensor } from "@org/graph";
import { applyOne } from "../apply-op.ts";
import { constant } from "../array/constant.ts";
import { flatAttrs } from "./data-iterator.ts";
import type { Structure } from "./structure.ts";

const optimizations = ["map_and_batch_fusion", "noop_elimination", "shuffle_and_repeat_fusion"];
const optimizationConfigs = ["map_vectorization:use_choose_fastest:false"];

/** `variant` behind both, in the current graph; one that captures variables by reference is not optimized. */
export function withOptions(variant: Tensor, structure: Structure, capturesRefs: boolean): Tensor {
  const attrs = flatAttrs(structure);
  const optimized = (): Tensor =>
    applyOne("OptimizeDataset", [variant, constant(optimizations, "string", { name: "optimizations" })], {
      attrs: { ...attrs, optimization_configs: optimizationConfigs },
    });
  const data = capturesRefs ? variant : optimized();
  return applyOne("ModelDataset", [data], { attrs: { ...attrs, cpu_budget: 0 } });
}
