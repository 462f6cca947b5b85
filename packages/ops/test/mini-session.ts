// Runs a graph node by node: each op's lowering through hlo's evaluator, host kernels as they are. What a session does,
// without clusters, devices or control flow; for tests of what ops mean.
import { type ErrorCode, TfError } from "@org/errors";
import type { Graph, Operation, Tensor } from "@org/graph";
import { evaluate, HloBuilder, type HloInstruction } from "@org/hlo";
import type { FileSystem } from "@org/io";
import type { NdArray } from "@org/tensor";
import type { HostContext, LoweringContext, OpEntry } from "../src/index.ts";
import type { RunResource } from "../src/op-entry.ts";

const structural = new Set(["VariableV2", "Variable", "VarHandleOp"]);

export class MiniSession {
  readonly graph: Graph;
  readonly variables: Map<Operation, NdArray> = new Map();
  readonly #states = new Map<Operation, unknown>();
  /** What lives as long as a run: files that are read. */
  readonly #ofRun = new Map<string, RunResource>();
  readonly #fs: FileSystem | undefined;

  constructor(graph: Graph, fs?: FileSystem) {
    this.graph = graph;
    this.#fs = fs;
  }

  /** Values of tensors; operations are run, and give undefined. */
  async run<T extends readonly (Tensor | Operation)[]>(
    fetches: T,
    feeds: ReadonlyMap<Tensor, NdArray> = new Map(),
  ): Promise<NdArray[]> {
    const done = new Map<Operation, readonly (NdArray | Operation)[]>();
    const results: (NdArray | Operation)[] = [];
    try {
      for (const fetch of fetches) {
        if ("valueIndex" in fetch) results.push(await this.#output(fetch, feeds, done));
        else await this.#execute(fetch, feeds, done);
      }
    } finally {
      const held = [...this.#ofRun.values()];
      this.#ofRun.clear();
      for (const resource of held) await resource.close();
    }
    // A fetched reference is read when all is done.
    return results.map((result) => this.#read(result));
  }

  /** The first value alone. */
  async fetch(tensor: Tensor, feeds?: ReadonlyMap<Tensor, NdArray>): Promise<NdArray> {
    return (await this.run([tensor], feeds))[0]!;
  }

  #read(value: NdArray | Operation): NdArray {
    if ("data" in value) return value;
    const current = this.variables.get(value);
    if (!current)
      throw new TfError("FAILED_PRECONDITION", `Attempting to use uninitialized value ${value.name}`, {
        node: value.name,
      });
    return current;
  }

  async #output(
    tensor: Tensor,
    feeds: ReadonlyMap<Tensor, NdArray>,
    done: Map<Operation, readonly (NdArray | Operation)[]>,
  ): Promise<NdArray | Operation> {
    const fed = feeds.get(tensor);
    return fed ?? (await this.#execute(tensor.op, feeds, done))[tensor.valueIndex]!;
  }

  async #execute(
    op: Operation,
    feeds: ReadonlyMap<Tensor, NdArray>,
    done: Map<Operation, readonly (NdArray | Operation)[]>,
  ): Promise<readonly (NdArray | Operation)[]> {
    const there = done.get(op);
    if (there) return there;
    if (structural.has(op.type)) return [op];
    for (const control of op.controlInputs) await this.#execute(control, feeds, done);
    const inputs: (NdArray | Operation)[] = [];
    for (const input of op.inputs) inputs.push(await this.#output(input, feeds, done));
    const outputs = await this.#kernel(op, inputs);
    done.set(op, outputs);
    return outputs;
  }

  async #kernel(
    op: Operation,
    inputs: readonly (NdArray | Operation)[],
  ): Promise<readonly (NdArray | Operation)[]> {
    const entry = op.registered as OpEntry;
    const outputRef = op.outputs.map((output) =>
      output.isRef ? inputs.find((input) => !("data" in input)) : undefined,
    );
    const values = (made: readonly NdArray[]): (NdArray | Operation)[] => {
      let next = 0;
      return outputRef.map((ref) => ref ?? made[next++]!);
    };
    const read = (i: number): NdArray => this.#read(inputs[i]!);
    if (op.type === "NoOp") return [];
    if (entry.fromShapes)
      return entry.fromShapes({
        attrs: op.attrs,
        shape: (i: number) => read(i).shape,
        outputDType: (i: number) => op.outputs[i]!.dtype,
      } as never);
    const hlo = [...op.inputs, ...op.outputs].every(
      ({ dtype }) => !["string", "complex64", "complex128"].includes(dtype),
    );
    if (entry.lower && (hlo || !entry.host)) return values(this.#lowered(op, entry, inputs, read));
    if (!entry.host) throw new TypeError(`${op.type} has no kernel`);
    return values(await entry.host(this.#hostContext(op, inputs, read)));
  }

  #lowered(
    op: Operation,
    entry: OpEntry,
    inputs: readonly (NdArray | Operation)[],
    read: (i: number) => NdArray,
  ): NdArray[] {
    const builder = new HloBuilder(op.name);
    const parameters = new Map<number, HloInstruction>();
    const arrays: NdArray[] = [];
    const context: LoweringContext = {
      node: op.name,
      attrs: op.attrs,
      builder,
      inputCount: inputs.length,
      input: (i) => {
        let parameter = parameters.get(i);
        if (!parameter) {
          const value = read(i);
          parameter = builder.parameter(value.dtype as never, value.shape);
          parameters.set(i, parameter);
          arrays.push(value);
        }
        return parameter;
      },
      hostInput: read,
      inputDType: (i) => op.inputs[i]!.dtype,
      outputDType: (i) => op.outputs[i]!.dtype,
      outputShape: (i) => op.outputs[i]!.shape,
      fail: failing(op),
    };
    const made = entry.lower!(context);
    const lowered = "opcode" in made ? { outputs: [made] } : Array.isArray(made) ? { outputs: made } : made;
    const { outputs = [], assign = new Map() } = lowered as {
      outputs?: HloInstruction[];
      assign?: Map<number, HloInstruction>;
    };
    const roots = [...outputs, ...assign.values()];
    const results = evaluate(builder.build(roots), arrays, {
      onFault: ({ value, position }) => {
        throw new TfError("INVALID_ARGUMENT", `indices[${position}] = ${value} is out of range`, {
          node: op.name,
        });
      },
    });
    [...assign.keys()].forEach((index, i) => {
      this.variables.set(inputs[index] as Operation, results[outputs.length + i]!);
    });
    return results.slice(0, outputs.length);
  }

  #hostContext(
    op: Operation,
    inputs: readonly (NdArray | Operation)[],
    read: (i: number) => NdArray,
  ): HostContext {
    const session = this;
    return {
      node: op.name,
      op: op.type,
      attrs: op.attrs,
      inputCount: inputs.length,
      input: read,
      fetch: read,
      inputShape: (i) => read(i).shape,
      onProgress: undefined,
      inputDType: (i) => op.inputs[i]!.dtype,
      outputDType: (i) => op.outputs[i]!.dtype,
      isInitialized: (i) => this.variables.has(inputs[i] as Operation),
      assign: (i, value) => void this.variables.set(inputs[i] as Operation, value),
      get fs(): FileSystem {
        if (!session.#fs) throw new TfError("PERMISSION_DENIED", "This session was given no file system");
        return session.#fs;
      },
      signal: new AbortController().signal,
      sequence: <T>(create: () => T): T => {
        if (!this.#states.has(op)) this.#states.set(op, create());
        return this.#states.get(op) as T;
      },
      state: <T>(create: () => T): T => {
        if (!this.#states.has(op)) this.#states.set(op, create());
        return this.#states.get(op) as T;
      },
      resource: (_kind, _name, create) => create(),
      ofRun: (name, create) => {
        if (!this.#ofRun.has(name)) this.#ofRun.set(name, create());
        return this.#ofRun.get(name) as never;
      },
      handOver: () => false,
      function: () => {
        throw new TfError("UNIMPLEMENTED", "Functions are called by sessions", { node: op.name });
      },
      randomSeed: () => [Math.floor(Math.random() * 2 ** 32), Math.floor(Math.random() * 2 ** 32)],
      fail: failing(op),
    } as HostContext;
  }
}

function failing(op: Operation): (code: ErrorCode, sentence: string, hint?: string) => never {
  return (code, sentence, hint) => {
    throw new TfError(code, sentence, {
      node: op.name,
      op: op.type,
      ...(hint === undefined ? {} : { hint }),
    });
  };
}
