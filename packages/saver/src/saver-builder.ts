// Which ops a Saver writes and reads with. A subclass of BaseSaverBuilder that is passed to a Saver (`builder`) may build others: what
// surrounds them (names, devices, shards, assignments) is build-saver.ts. Source: python/training/saver.py (BaseSaverBuilder, BulkSaverBuilder).
import { canonicalDevice, type Graph, mergeDevices, type Operation, type Tensor } from "@org/graph";
import { convertToNdArray, type DType, type TensorLike } from "@org/tensor";
import { type SaveableObject, specTensor } from "./saveable.ts";

/** Builds an op for saving, and one for restoring each saveable, on the CPU of the saveable's machine (as TensorFlow 1.0 did). */
export class BaseSaverBuilder {
  /** The format that saving writes. */
  readonly writeVersion: "V1" | "V2";

  constructor(options: { readonly writeVersion?: "V1" | "V2" | undefined } = {}) {
    this.writeVersion = options.writeVersion ?? "V2";
  }

  /** The op that writes all tensors of `saveables` to the file (V2: under the prefix) that `filename`, a string scalar, holds. */
  saveOp(filename: Tensor, saveables: readonly SaveableObject[]): Operation {
    const { graph } = filename;
    const specs = saveables.flatMap((saveable) => saveable.specs);
    const tensors = specs.map(specTensor);
    const names = specs.map((spec) => spec.name);
    const slices = specs.map((spec) => spec.sliceSpec);
    const [type, name, sliceArg] =
      this.writeVersion === "V1"
        ? (["SaveSlices", "save", "shapes_and_slices"] as const)
        : (["SaveV2", "SaveV2", "shape_and_slices"] as const);
    return graph.nameScope(name, (scope) => {
      const inputs = [
        constant(graph, "tensor_names", names, "string"),
        constant(graph, sliceArg, slices, "string"),
      ];
      return graph.createOp(type, [filename, ...inputs, tensors], { name: scope });
    });
  }

  /** The tensors of all `saveables`, one a spec, in order. `preferredShard`: the shard that they are most likely in, or -1. */
  bulkRestore(
    filename: Tensor,
    saveables: readonly SaveableObject[],
    preferredShard: number,
    _restoreSequentially: boolean,
  ): readonly Tensor[] {
    return saveables.flatMap((saveable) => {
      const { device } = saveable.specs[0] ?? { device: "" };
      const read = (): readonly Tensor[] => this.restoreOp(filename, saveable, preferredShard);
      return device === "" ? read() : filename.graph.device(onCpu0(device), read);
    });
  }

  /** The tensors of one saveable, one a spec. */
  restoreOp(filename: Tensor, saveable: SaveableObject, _preferredShard: number): readonly Tensor[] {
    return saveable.specs.flatMap((spec) => restoreV2(filename, [spec]));
  }

  /** `filename` with the number of its shard, of `numShards` (an int32 scalar). */
  shardedFilename(filename: Tensor, shard: number, numShards: Tensor): Tensor {
    const { graph } = filename;
    return graph.nameScope("ShardedFilename", (scope) => {
      const inputs = [filename, constant(graph, "shard", shard, "int32"), numShards];
      return graph.createOp("ShardedFilename", inputs, { name: scope }).outputs[0]!;
    });
  }
}

/** Reads all tensors by one op on the first CPU: what a Saver has unless told otherwise. */
export class BulkSaverBuilder extends BaseSaverBuilder {
  override bulkRestore(filename: Tensor, saveables: readonly SaveableObject[]): readonly Tensor[] {
    const specs = saveables.flatMap((saveable) => saveable.specs);
    return filename.graph.device(canonicalDevice("cpu:0"), () => restoreV2(filename, specs));
  }
}

function restoreV2(filename: Tensor, specs: SaveableObject["specs"]): readonly Tensor[] {
  const { graph } = filename;
  return graph.nameScope("RestoreV2", (scope) => {
    const strings = (name: string, values: string[]): Tensor => constant(graph, name, values, "string");
    const names = strings(
      "tensor_names",
      specs.map((spec) => spec.name),
    );
    const slices = strings(
      "shape_and_slices",
      specs.map((spec) => spec.sliceSpec),
    );
    const attrs = { dtypes: specs.map((spec) => spec.dtype) };
    return graph.createOp("RestoreV2", [filename, names, slices], { name: scope, attrs }).outputs;
  });
}

/** `device` with the first CPU of its machine. */
export const onCpu0 = (device: string): string => mergeDevices(device, "/device:CPU:0");

/** A Const of that name. */
export function constant(graph: Graph, name: string, value: TensorLike, dtype: DType): Tensor {
  const array = convertToNdArray(value, dtype);
  return graph.createOp("Const", [], { name, attrs: { value: array, dtype } }).outputs[0]!;
}
