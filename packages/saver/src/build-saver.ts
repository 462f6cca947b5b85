// The ops of a Saver, node for node as TensorFlow 1.15 builds them: "save/Const", "save/SaveV2", "save/control_dependency",
// "save/RestoreV2", "save/Assign" ..., "save/restore_all"; sharded ones with a merge step. Which ops read and write is the builder's
// matter (saver-builder.ts). Not here: files and their rotation. Source: python/training/saver.py (BaseSaverBuilder._build_internal).
import { TfError } from "@org/errors";
import { canonicalDevice, type Graph, type Operation, type Tensor } from "@org/graph";
import { type ISaverDef, SaverDef } from "@org/proto";
import { group, isPartitionedVariable } from "@org/variables";
import { type SaveableObject, specTensor, toSaveables, type VarList } from "./saveable.ts";
import { type BaseSaverBuilder, constant, onCpu0 } from "./saver-builder.ts";

/** What the builder takes of a Saver's options. */
export interface BuildOptions {
  readonly graph: Graph;
  readonly reshape: boolean;
  readonly sharded: boolean;
  readonly maxToKeep: number;
  readonly keepCheckpointEveryNHours: number;
  readonly name: string | undefined;
  readonly filename: string | undefined;
  readonly restoreSequentially: boolean;
  readonly builder: BaseSaverBuilder;
}

/** Builds the ops that save and restore `varList`; the SaverDef that names them. Throws as `toSaveables`. */
export function buildSaver(varList: VarList, options: BuildOptions): ISaverDef {
  const { graph, sharded, builder } = options;
  const saveables = toSaveables(varList);
  const def = graph.nameScope(options.name ?? "save", () => {
    const given = graph.nameScope("filename", (scope) => {
      const input = constant(graph, "input", options.filename || "model", "string");
      return placeholder(graph, input, scope);
    });
    const filename = placeholder(graph, given, "Const");
    const devices = sharded ? byDevice(saveables) : undefined;
    const assembly = new Assembly(graph, options);
    const save = devices ? assembly.saveSharded(filename, devices) : assembly.save(filename, saveables);
    const restore = devices
      ? assembly.restoreSharded(filename, devices)
      : assembly.restore(filename, saveables, "restore_all");
    return {
      filenameTensorName: filename.name,
      saveTensorName: save.name,
      restoreOpName: restore.name,
      maxToKeep: options.maxToKeep,
      sharded,
      keepCheckpointEveryNHours: options.keepCheckpointEveryNHours,
      version: SaverDef.CheckpointFormatVersion[builder.writeVersion],
    };
  });
  concatenatePartitioned(graph);
  return def;
}

type Shard = readonly [device: string, saveables: readonly SaveableObject[]];

/** What is built with: the graph, the builder, and how restored tensors are put back. */
class Assembly {
  private readonly graph: Graph;
  private readonly builder: BaseSaverBuilder;
  private readonly reshape: boolean;
  private readonly restoreSequentially: boolean;

  constructor(graph: Graph, { builder, reshape, restoreSequentially }: BuildOptions) {
    this.graph = graph;
    this.builder = builder;
    this.reshape = reshape;
    this.restoreSequentially = restoreSequentially;
  }

  /** Writes all tensors; the file name, once that is done. */
  save(filename: Tensor, saveables: readonly SaveableObject[]): Tensor {
    const { graph } = this;
    const op = this.builder.saveOp(filename, saveables);
    return graph.nameScope("control_dependency", (scope) =>
      graph.colocateWith(filename.op, () =>
        graph.controlDependencies(
          [op],
          () => graph.createOp("Identity", [filename], { name: scope }).outputs[0]!,
        ),
      ),
    );
  }

  /** Each device writes its own shard; then they become one checkpoint. */
  saveSharded(filename: Tensor, shards: readonly Shard[]): Tensor {
    const { graph } = this;
    const v2 = this.builder.writeVersion === "V2";
    const prefix = v2 ? this.temporaryPrefix(filename) : filename;
    const count = constant(graph, "num_shards", shards.length, "int32");
    const names: Tensor[] = [];
    const saves: Tensor[] = [];
    for (const [index, [device, saveables]] of shards.entries()) {
      graph.device(v2 ? onCpu0(device) : device, () => {
        const shard = this.builder.shardedFilename(prefix, index, count);
        names.push(shard);
        saves.push(this.save(shard, saveables));
      });
    }
    const done = saves.map((tensor) => tensor.op);
    return graph.controlDependencies(done, () =>
      v2
        ? graph.device(onCpu0(shards.at(-1)![0]), () => this.merge(names, filename))
        : graph.createOp("ShardedFilespec", [filename, count]).outputs[0]!,
    );
  }

  private temporaryPrefix(filename: Tensor): Tensor {
    const { graph } = this;
    const suffix = `_temp_${globalThis.crypto.randomUUID().replaceAll("-", "")}/part`;
    return graph.nameScope("StringJoin", (scope) => {
      const inputs = [filename, constant(graph, "inputs_1", suffix, "string")];
      return graph.createOp("StringJoin", [inputs], { name: scope }).outputs[0]!;
    });
  }

  private merge(names: readonly Tensor[], filename: Tensor): Tensor {
    const { graph } = this;
    const merge = graph.nameScope("MergeV2Checkpoints", (scope) => {
      const prefixes = graph.createOp("Pack", [names], { name: "checkpoint_prefixes" }).outputs[0]!;
      return graph.createOp("MergeV2Checkpoints", [prefixes, filename], {
        name: scope,
        attrs: { delete_old_dirs: true },
      });
    });
    return graph.controlDependencies([merge], () => graph.createOp("Identity", [filename]).outputs[0]!);
  }

  /** Reads all tensors and assigns them. `shard`: which one they are most likely in; -1 where nobody knows. */
  restore(filename: Tensor, saveables: readonly SaveableObject[], name: string, shard = -1): Operation {
    const { graph } = this;
    const tensors = this.builder.bulkRestore(filename, saveables, shard, this.restoreSequentially);
    checkCount(tensors, saveables);
    let at = 0;
    const assigns = saveables.map((saveable) => {
      const shapes = this.reshape ? saveable.specs.map((spec) => shapeOf(specTensor(spec))) : undefined;
      const own = tensors.slice(at, at + saveable.specs.length);
      at += own.length;
      return saveable.restore(own, shapes);
    });
    return group(graph, assigns, { name });
  }

  restoreSharded(filename: Tensor, shards: readonly Shard[]): Operation {
    const restores = shards.map(([device, saveables], shard) =>
      this.graph.device(device, () => this.restore(filename, saveables, "restore_shard", shard)),
    );
    return group(this.graph, restores, { name: "restore_all" });
  }
}

const shapeOf = (tensor: Tensor) =>
  tensor.shape.isFullyDefined() ? tensor.shape : tensor.graph.createOp("Shape", [tensor]).outputs[0]!;

/** Saveables by the device of their tensors, sorted by device. */
function byDevice(saveables: readonly SaveableObject[]): Shard[] {
  const shards = new Map<string, SaveableObject[]>();
  for (const saveable of saveables) {
    const devices = new Set(saveable.specs.map((spec) => canonicalDevice(specTensor(spec).device)));
    if (devices.size !== 1)
      throw new TfError(
        "INVALID_ARGUMENT",
        `All tensors of a saveable object must be on the same device: ${saveable.name}`,
        { key: saveable.name },
      );
    const [device] = devices as unknown as Iterable<string>;
    const shard = shards.get(device!);
    if (shard) shard.push(saveable);
    else shards.set(device!, [saveable]);
  }
  return [...shards].sort(([a], [b]) => (a < b ? -1 : 1));
}

function placeholder(graph: Graph, input: Tensor, name: string): Tensor {
  return graph.createOp("PlaceholderWithDefault", [input], { name, attrs: { shape: [] } }).outputs[0]!;
}

/** Throws a TypeError where a builder gives more or fewer tensors than the saveables have. */
function checkCount(tensors: readonly Tensor[], saveables: readonly SaveableObject[]): void {
  const count = saveables.reduce((sum, { specs }) => sum + specs.length, 0);
  if (tensors.length !== count)
    throw new TypeError(`The builder restores ${tensors.length} tensors, where ${count} are saved`);
}

/** A partitioned variable in a collection exports as the name of its concatenation: makes sure that there is one. */
function concatenatePartitioned(graph: Graph): void {
  for (const key of graph.getAllCollectionKeys())
    for (const item of graph.getCollection(key))
      if (isPartitionedVariable(item) && !graph.findOperation(item.name)) item.asTensor();
}
