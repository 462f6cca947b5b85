// A session that knows only the ops of Savers and variables, each as few lines as its meaning takes: enough to test
// a Saver without an engine. Not a model of the real one.
import {
  createCheckpointWriter,
  mergeCheckpoints,
  openCheckpoint,
  parseShapeAndSlice,
} from "@org/checkpoint";
import { TfError } from "@org/errors";
import type { Graph, Operation, Tensor } from "@org/graph";
import { type FileSystem, memoryFileSystem } from "@org/io";
import { convertToNdArray, type NdArray, ndArray, toNumbers, toStrings } from "@org/tensor";
import type { SaverRunOptions, SaverSession } from "../src/index.ts";

type Values = Map<Operation, Promise<(NdArray | Operation)[]>>;

export class FakeSession implements SaverSession {
  readonly graph: Graph;
  readonly fs: FileSystem;
  readonly variables: Map<string, NdArray> = new Map();

  constructor(graph: Graph, fs: FileSystem = memoryFileSystem()) {
    this.graph = graph;
    this.fs = fs;
  }

  async run(fetches: string | readonly string[], options: SaverRunOptions = {}): Promise<unknown> {
    const done: Values = new Map();
    for (const [name, value] of Object.entries(options.feeds ?? {}))
      done.set(this.graph.getTensorByName(name).op, Promise.resolve([value]));
    for (const target of options.targets ?? [])
      await this.evaluate(this.graph.asGraphElement(target) as Operation, done);
    const fetch = async (name: string): Promise<NdArray | undefined> => {
      const element = this.graph.asGraphElement(name);
      if (!("op" in element)) {
        await this.evaluate(element, done);
        return undefined;
      }
      return this.value(element, done);
    };
    if (typeof fetches === "string") return fetch(fetches);
    const results: unknown[] = [];
    for (const name of fetches) results.push(await fetch(name));
    return results;
  }

  private async value(tensor: Tensor, done: Values): Promise<NdArray> {
    const value = (await this.evaluate(tensor.op, done))[tensor.valueIndex]!;
    return "dtype" in value ? value : this.read(value);
  }

  private read(variable: Operation): NdArray {
    const value = this.variables.get(variable.name);
    if (value) return value;
    throw new TfError("FAILED_PRECONDITION", `Attempting to use uninitialized value ${variable.name}`, {
      node: variable.name,
      op: variable.type,
    });
  }

  private evaluate(op: Operation, done: Values): Promise<(NdArray | Operation)[]> {
    let result = done.get(op);
    if (!result) {
      result = this.compute(op, done);
      done.set(op, result);
    }
    return result;
  }

  private async compute(op: Operation, done: Values): Promise<(NdArray | Operation)[]> {
    for (const control of op.controlInputs) await this.evaluate(control, done);
    const input = (i: number) => this.value(op.inputs[i]!, done);
    const text = async (i: number) => toStrings(await input(i));
    const string = (value: string) => [convertToNdArray(value, "string")];
    switch (op.type) {
      case "NoOp":
        return [];
      case "Const":
        return [op.attrs.tensor("value")];
      case "VariableV2":
      case "VarHandleOp":
        return [op];
      case "Identity":
      case "PlaceholderWithDefault":
      case "ReadVariableOp":
        return [await input(0)];
      case "Reshape": {
        const [value, shape] = [await input(0), toNumbers(await input(1))];
        if (value.data.length !== shape.reduce((a, b) => a * b, 1))
          throw new TfError(
            "INVALID_ARGUMENT",
            `Input to reshape is a tensor with ${value.data.length} values, but the requested shape has ${shape.reduce((a, b) => a * b, 1)}`,
            { node: op.name, op: op.type },
          );
        return [ndArray(value.dtype, shape, value.data)];
      }
      case "Assign":
      case "AssignVariableOp":
        return [await this.assign(op, await input(1))];
      case "Pack":
        return [convertToNdArray((await Promise.all(op.inputs.map((_, i) => text(i)))).flat(), "string")];
      case "StringJoin":
        return string((await Promise.all(op.inputs.map((_, i) => text(i)))).join(""));
      case "ShardedFilename": {
        const [prefix, shard, count] = [await text(0), toNumbers(await input(1)), toNumbers(await input(2))];
        const pad = (n: number) => String(n).padStart(5, "0");
        return string(`${prefix}-${pad(shard[0]!)}-of-${pad(count[0]!)}`);
      }
      case "MergeV2Checkpoints":
        await mergeCheckpoints(await text(0), (await text(1))[0]!, { fs: this.fs });
        return [];
      case "SaveV2":
        await this.save(op, await text(0), await text(1), await text(2), done);
        return [];
      case "RestoreV2":
        return this.restore(op, (await text(0))[0]!, await text(1), await text(2));
      default:
        throw new TfError("UNIMPLEMENTED", `FakeSession has no ${op.type}`, { node: op.name, op: op.type });
    }
  }

  private async assign(op: Operation, value: NdArray): Promise<Operation> {
    const variable = op.inputs[0]!.op;
    const shape = variable.attrs.shape("shape");
    if (op.type === "Assign" && op.attrs.bool("validate_shape") && shape.toString() !== `[${value.shape}]`)
      throw new TfError(
        "INVALID_ARGUMENT",
        `Assign requires shapes of both tensors to match. lhs shape= ${shape} rhs shape= [${value.shape}]`,
        { node: op.name, op: op.type },
      );
    this.variables.set(variable.name, value);
    return variable;
  }

  private async save(
    op: Operation,
    prefix: string[],
    names: string[],
    slices: string[],
    done: Values,
  ): Promise<void> {
    const writer = await createCheckpointWriter(prefix[0]!, { fs: this.fs });
    try {
      for (const [i, name] of names.entries()) {
        const value = await this.value(op.inputs[3 + i]!, done);
        const spec = slices[i] === "" ? undefined : parseShapeAndSlice(slices[i]!);
        await writer.add(name, value, spec && { fullShape: spec.shape, slice: spec.slice });
      }
      await writer.finish();
    } catch (error) {
      await writer.abort();
      throw error;
    }
  }

  private async restore(
    op: Operation,
    prefix: string,
    names: string[],
    slices: string[],
  ): Promise<NdArray[]> {
    const reader = await openCheckpoint(prefix, { fs: this.fs });
    try {
      const values: NdArray[] = [];
      for (const [i, name] of names.entries()) {
        const wanted = op.outputs[i]!.dtype;
        if (reader.dtype(name) !== wanted)
          throw new TfError(
            "INVALID_ARGUMENT",
            `tensor_name = ${name}; expected dtype ${wanted} does not equal original dtype ${reader.dtype(name)}`,
            { node: op.name, op: op.type },
          );
        const slice = slices[i] === "" ? undefined : parseShapeAndSlice(slices[i]!).slice;
        values.push(await reader.get(name, slice ? { slice } : {}));
      }
      return values;
    } finally {
      await reader.close();
    }
  }
}
