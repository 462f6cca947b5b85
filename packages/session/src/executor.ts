// Executes run plans. A frame's units run in their order; an inner frame is one unit of its parent and runs its
// iterations one after another (TensorFlow's parallel_iterations = 1), each through all of its units, with dead tensors as in
// "TensorFlow: Large-Scale Machine Learning on Heterogeneous Distributed Systems" (2015), 4.4: a unit with a dead input is
// dead; a Merge takes the one that is alive; a loop ends when all its NextIterations are dead. Everything runs at once
// until a host kernel or a backend returns a promise; then units that do not need it go on.
import { TfError } from "@org/errors";
import type { FileSystem, Progress } from "@org/io";
import type { RunResource } from "@org/ops";
import type { NdArray } from "@org/tensor";
import { located } from "./cluster-lowering.ts";
import { type ClusterEnvironment, killOutputs, runCluster, variableIn } from "./cluster-run.ts";
import type { Held } from "./held.ts";
import { runHeld } from "./held-kernels.ts";
import { type HostEnvironment, HostExecution } from "./host-context.ts";
import { runBeside } from "./run-beside.ts";
import { type Body, type LoopUnit, type NodeUnit, notFed, type RunPlan, type Unit } from "./run-plan.ts";
import { RunningLoop } from "./running-loop.ts";
import { dueTurn } from "./turn.ts";
import { dead, onFirstDevice, TensorValue, type Value } from "./values.ts";
import type { SessionState, VariableState } from "./variable-state.ts";

/** What executions of one session share. */
export interface ExecutorEnvironment extends ClusterEnvironment {
  readonly state: SessionState;
  readonly fs: FileSystem | undefined;
  readonly onHostKernel: () => void;
  readonly onProgress?: ((progress: Progress) => void) | undefined;
}

/** One run of a plan. */
export class Execution {
  readonly #plan: RunPlan;
  readonly #environment: ExecutorEnvironment;
  readonly #slots: (Value | undefined)[];
  readonly #left: Int32Array;
  readonly #deadUnits: Uint8Array | undefined;
  readonly #signal: AbortSignal | undefined;
  /** Ends what host kernels wait for when another unit fails; made when one asks. */
  #abort: AbortController | undefined;
  #failed = false;
  #atOnce = false;
  /** Loops that are running: what they carry is theirs. */
  readonly #loops: Set<RunningLoop> = new Set();
  /** What lives as long as the run. */
  readonly #held: Set<Held> = new Set();
  /** What host kernels share, by name. */
  readonly #shared: Map<string, RunResource> = new Map();
  /** Done when what they shared is closed. */
  #closing: Promise<unknown> | undefined;
  readonly #host: HostEnvironment;

  constructor(
    plan: RunPlan,
    feeds: readonly TensorValue[],
    environment: ExecutorEnvironment,
    signal: AbortSignal | undefined,
  ) {
    this.#plan = plan;
    this.#environment = environment;
    this.#slots = plan.template.slice();
    this.#left = plan.uses.slice();
    this.#deadUnits = plan.branches ? new Uint8Array(plan.units.length) : undefined;
    this.#signal = signal;
    plan.feeds.forEach((slot, i) => {
      if (slot < 0) feeds[i]!.release();
      else this.#slots[slot] = feeds[i]!;
    });
    this.#host = {
      state: environment.state,
      fs: environment.fs,
      signal: () => this.#abortSignal(),
      onProgress: environment.onProgress,
      toDevice: (value) => onFirstDevice(environment.devices, value),
      ofRun: (name, create) => {
        const known = this.#shared.get(name) ?? create();
        this.#shared.set(name, known);
        return known as ReturnType<typeof create>;
      },
      assign: (variable, value) => {
        variable.assign(new TensorValue(environment.devices, value.dtype, value.shape, value));
      },
    };
  }

  /**
   * Runs everything and yields the fetched values, each with a reference for the caller. `atOnce`: the caller cannot wait, so loops
   * hand the event loop no turns.
   */
  run(atOnce = false): Value[] | Promise<Value[]> {
    this.#atOnce = atOnce;
    let running: void | Promise<void>;
    try {
      this.#checkCancelled();
      running = this.#runBody(this.#plan.root);
    } catch (error) {
      this.#releaseAll();
      throw error;
    }
    if (running === undefined) return this.#fetch();
    return running
      .then(() => this.#fetch())
      .catch((error) => {
        this.#releaseAll();
        throw error;
      })
      .finally(() => this.#closing);
  }

  #fetch(): Value[] {
    const values = this.#plan.fetches.map((slot, i) => {
      const value = this.#slots[slot]!;
      if (value.kind === "dead") {
        this.#releaseAll();
        throw new TfError("INVALID_ARGUMENT", `Retval[${i}] does not have value`, {
          hint: "The fetched tensor is in a branch that was not taken in this run.",
        });
      }
      if (value.kind === "handle") {
        this.#releaseAll();
        throw new TfError("INVALID_ARGUMENT", `The handle of ${value.held.title} cannot be fetched`);
      }
      return value.kind === "tensor" ? value.retain() : value;
    });
    this.#releaseAll();
    return values;
  }

  #releaseAll(): void {
    for (const loop of this.#loops) loop.release();
    this.#loops.clear();
    for (const held of this.#held) held.close();
    this.#held.clear();
    if (this.#shared.size > 0)
      this.#closing = Promise.all([...this.#shared.values()].map((shared) => shared.close()));
    this.#shared.clear();
    for (let slot = 0; slot < this.#slots.length; slot++)
      if (this.#plan.template[slot] === undefined) this.#clear(slot);
  }

  #clear(slot: number): void {
    const value = this.#slots[slot];
    this.#slots[slot] = undefined;
    if (value?.kind === "tensor") value.release();
  }

  #put(slot: number, value: Value): void {
    if (slot < 0) {
      if (value.kind === "tensor") value.release();
      return;
    }
    this.#slots[slot] = value;
  }

  #checkCancelled(): void {
    if (this.#signal?.aborted)
      throw new TfError("CANCELLED", "Run call was cancelled", { cause: this.#signal.reason });
  }

  #abortSignal(): AbortSignal {
    if (this.#abort === undefined) {
      this.#abort = new AbortController();
      const { signal } = this.#abort;
      if (this.#signal?.aborted) this.#abort.abort(this.#signal.reason);
      else
        this.#signal?.addEventListener("abort", () => this.#abort!.abort(this.#signal!.reason), {
          signal,
          once: true,
        });
    }
    return this.#abort.signal;
  }

  // ---- bodies

  #runBody(body: Body): void | Promise<void> {
    const { units } = body;
    for (let i = 0; i < units.length; i++) {
      const running = this.#runUnit(units[i]!);
      if (running !== undefined) return this.#runRest(units, i, running);
    }
  }

  /** Goes on after unit `first` has become a promise. */
  async #runRest(units: readonly Unit[], first: number, promise: Promise<void>): Promise<void> {
    try {
      await runBeside(units, first, promise, {
        run: (unit) => {
          this.#checkCancelled();
          return this.#runUnit(unit);
        },
        onFailure: (error) => {
          this.#failed = true;
          this.#abort?.abort(error);
        },
      });
    } catch (error) {
      throw this.#signal?.aborted ? cancelled(this.#signal, error) : error;
    }
  }

  #runUnit(unit: Unit): void | Promise<void> {
    let running: void | undefined | Promise<void>;
    if (unit.kind === "cluster") {
      // It may have died in an earlier turn of the loop around.
      if (this.#deadUnits !== undefined) this.#deadUnits[unit.id] = 0;
      if (this.#isDead(unit)) {
        killOutputs(unit.cluster, this.#slots);
        this.#die(unit);
      } else running = runCluster(unit.cluster, this.#slots, this.#environment);
      if (running === undefined && this.#deadUnits !== undefined)
        this.#noteDeadCluster(unit.id, unit.cluster);
    } else if (unit.kind === "loop") running = this.#runLoop(unit);
    else running = this.#runNode(unit);
    if (running === undefined) {
      this.#countDown(unit);
      return;
    }
    return running.then(() => {
      if (unit.kind === "cluster") this.#noteDeadCluster(unit.id, unit.cluster);
      this.#countDown(unit);
    });
  }

  #countDown(unit: Unit): void {
    const left = this.#left;
    for (const slot of unit.uses) if (--left[slot]! === 0) this.#clear(slot);
  }

  // ---- death

  #isDead(unit: Unit): boolean {
    if (this.#deadUnits === undefined) return false;
    for (const control of unit.controls) if (this.#deadUnits[control] === 1) return true;
    return false;
  }

  #die(unit: { readonly id: number }): void {
    this.#deadUnits![unit.id] = 1;
  }

  #noteDeadCluster(
    id: number,
    cluster: { inputs: readonly { slot: number }[]; deadSlots: readonly number[] },
  ): void {
    if (this.#deadUnits === undefined) return;
    const isDead =
      this.#deadUnits[id] === 1 ||
      cluster.inputs.some(({ slot }) => this.#slots[slot] === dead) ||
      cluster.deadSlots.some((slot) => this.#slots[slot] === dead);
    this.#deadUnits[id] = isDead ? 1 : 0;
  }

  // ---- single nodes

  #runNode(unit: NodeUnit, merged?: Value): void | Promise<void> {
    const { node } = unit;
    if (this.#deadUnits !== undefined) this.#deadUnits[unit.id] = 0;
    if (node.kind === "merge") return this.#merge(unit, merged);
    if (node.kind !== "trigger" && this.#deadUnits !== undefined) {
      if (this.#isDead(unit) || unit.inputs.some((slot) => slot >= 0 && this.#slots[slot] === dead)) {
        this.#die(unit);
        for (const slot of unit.outputs) if (slot >= 0) this.#slots[slot] = dead;
        return;
      }
    }
    switch (node.kind) {
      case "placeholder":
        throw notFed(node.op);
      case "const":
        return this.#put(unit.outputs[0]!, this.#constant(node.op.attrs.tensor("value")));
      case "switch":
        return this.#switch(unit);
      case "enter":
      case "exit":
      case "nextIteration":
        return this.#put(unit.outputs[0]!, share(this.#slots[unit.inputs[0]!]!));
      case "forward":
        for (const [i, slot] of unit.outputs.entries()) this.#put(slot, this.#forward(unit, i));
        return;
      case "held":
        return this.#heldKernel(unit);
      case "host":
        return this.#hostKernel(unit);
      default:
        return;
    }
  }

  #constant(array: NdArray): TensorValue {
    return new TensorValue(this.#environment.devices, array.dtype, array.shape, array);
  }

  #forward(unit: NodeUnit, i: number): Value {
    const { node } = unit;
    if (node.uses[i]!.access !== "variable") return share(this.#slots[unit.inputs[i]!]!);
    return this.#variable(unit, i).read(node.op.name).retain();
  }

  #variable(unit: NodeUnit, i: number): VariableState {
    return unit.variables[i] ?? variableIn(this.#slots[unit.inputs[i]!]!);
  }

  #heldKernel(unit: NodeUnit): void | Promise<void> {
    const finish = (values: readonly Value[]): void => {
      for (const [i, value] of values.entries())
        if (i < unit.outputs.length) this.#put(unit.outputs[i]!, value);
        else if (value.kind === "tensor") value.release();
    };
    const result = runHeld(unit.node.op, {
      input: (index) => this.#slots[unit.inputs[index]!]!,
      hold: (held) => this.#held.add(held),
      value: (array) => this.#constant(array),
    });
    return result instanceof Promise ? result.then(finish) : finish(result);
  }

  #switch(unit: NodeUnit): void | Promise<void> {
    const [data, predicate] = unit.inputs as readonly [number, number];
    const choose = (array: NdArray): void => {
      const taken = (array.data as Uint8Array)[0] ? 1 : 0;
      this.#put(unit.outputs[1 - taken]!, dead);
      this.#put(unit.outputs[taken]!, share(this.#slots[data]!));
    };
    const array = (this.#slots[predicate] as TensorValue).onHost();
    return array instanceof Promise ? array.then(choose) : choose(array);
  }

  #merge(unit: NodeUnit, carried: Value | undefined): void {
    let index = 0;
    let value: Value = dead;
    if (carried !== undefined) {
      index = unit.backEdge;
      value = carried;
    } else
      for (const [i, slot] of unit.inputs.entries()) {
        const input = this.#slots[slot];
        if (i === unit.backEdge || input === undefined || input === dead) continue;
        index = i;
        value = input;
        break;
      }
    if (value === dead) {
      this.#die(unit);
      for (const slot of unit.outputs) if (slot >= 0) this.#slots[slot] = dead;
      return;
    }
    this.#put(unit.outputs[0]!, share(value));
    if (unit.outputs[1] !== undefined && unit.outputs[1] >= 0)
      this.#put(unit.outputs[1], this.#constant({ dtype: "int32", shape: [], data: Int32Array.of(index) }));
  }

  #hostKernel(unit: NodeUnit): void | Promise<void> {
    const { node } = unit;
    const variables = node.uses.map((use, i) =>
      use.access === "variable" ? this.#variable(unit, i) : undefined,
    );
    const late = node.entry!.fetchesFrom ?? node.uses.length;
    const arrays = node.uses.map((use, i) => {
      if (i >= late) return undefined;
      if (use.access === "variable") return variables[i]!.value?.onHost();
      return (this.#slots[unit.inputs[i]!] as TensorValue).onHost();
    });
    if (arrays.some((array) => array instanceof Promise))
      return Promise.all(arrays).then((ready) => this.#callKernel(unit, ready, variables));
    return this.#callKernel(unit, arrays as (NdArray | undefined)[], variables);
  }

  #callKernel(
    unit: NodeUnit,
    inputs: readonly (NdArray | undefined)[],
    variables: readonly (VariableState | undefined)[],
  ): void | Promise<void> {
    const { node } = unit;
    const values = this.#fetchedValues(unit, variables);
    const execution = new HostExecution(node, inputs, variables, this.#host, values);
    const finish = (results: readonly NdArray[]): void => {
      let next = 0;
      for (const [i, output] of node.op.outputs.entries()) {
        const slot = unit.outputs[i]!;
        const passed = output.isRef ? node.inputs.findIndex((input) => input.tensor.isRef) : -1;
        if (passed >= 0) {
          if (slot >= 0 && variables[passed]) this.#put(slot, { kind: "ref", variable: variables[passed] });
          continue;
        }
        const there = execution.handedOver?.get(i);
        const result = results[next++];
        if (there !== undefined) {
          execution.handedOver!.delete(i);
          this.#put(slot, there);
          continue;
        }
        if (result === undefined)
          throw new TfError(
            "INTERNAL",
            `The host kernel of ${node.op.type} yields ${results.length} outputs`,
            {
              node: node.op.name,
              op: node.op.type,
            },
          );
        this.#put(slot, this.#constant(result));
      }
    };
    this.#environment.onHostKernel();
    const release = (): void => {
      for (const value of values) value?.release();
      for (const value of execution.handedOver?.values() ?? []) value.release();
    };
    let results: readonly NdArray[] | Promise<readonly NdArray[]>;
    try {
      results = node.entry!.host!(execution);
      if (!(results instanceof Promise)) finish(results);
    } catch (error) {
      release();
      throw located(error, node);
    }
    if (!(results instanceof Promise)) return release();
    return results
      .then(finish)
      .catch((error) => {
        throw located(error, node);
      })
      .finally(release);
  }

  /** By position, the values that a kernel fetches for itself, held until it is done: those that variables had when it began. */
  #fetchedValues(
    unit: NodeUnit,
    variables: readonly (VariableState | undefined)[],
  ): readonly (TensorValue | undefined)[] {
    const { entry, uses } = unit.node;
    const from = entry!.fetchesFrom;
    if (from === undefined) return [];
    return uses.map((use, i) => {
      if (i < from) return undefined;
      const value = use.access === "variable" ? variables[i]!.value : this.#slots[unit.inputs[i]!];
      return value?.kind === "tensor" ? value.retain() : undefined;
    });
  }

  // ---- loops

  #runLoop(unit: LoopUnit): void | Promise<void> {
    if (this.#deadUnits !== undefined) this.#deadUnits[unit.id] = 0;
    const loop = new RunningLoop(unit.body);
    this.#loops.add(loop);
    return this.#iterate(loop, unit.body);
  }

  #iterate(loop: RunningLoop, body: Body): void | Promise<void> {
    for (;;) {
      this.#checkCancelled();
      const running = this.#iteration(loop, body);
      if (running !== undefined)
        return running.then(() => {
          if (this.#endIteration(loop, body)) return this.#iterate(loop, body);
        });
      if (!this.#endIteration(loop, body)) return;
      const turn = this.#atOnce ? undefined : dueTurn();
      if (turn !== undefined) return turn.then(() => this.#iterate(loop, body));
    }
  }

  #iteration(loop: RunningLoop, body: Body): void | Promise<void> {
    for (const slot of body.slots) this.#left[slot] = this.#plan.uses[slot]!;
    // Merges first: they have no inputs within the iteration.
    for (const merge of loop.merges) {
      const carried =
        loop.carried === undefined ? undefined : loop.carried.get(merge.inputs[merge.backEdge]!);
      this.#runNode(merge, carried ?? (loop.carried ? dead : undefined));
      this.#countDown(merge);
    }
    return this.#runBody(loop.rest);
  }

  /** Takes what goes into the next iteration and what leaves the loop; whether there is a next iteration. */
  #endIteration(loop: RunningLoop, body: Body): boolean {
    const next = new Map<number, Value>();
    for (const unit of loop.nexts) {
      const slot = unit.outputs[0]!;
      const value = slot >= 0 ? this.#slots[slot] : undefined;
      if (value !== undefined && value !== dead) next.set(slot, share(value));
    }
    for (const unit of loop.exits) {
      const slot = unit.outputs[0]!;
      if (slot < 0) continue;
      const value = this.#slots[slot];
      if (value !== undefined && value !== dead) {
        const before = loop.exited.get(slot);
        if (before?.kind === "tensor") before.release();
        loop.exited.set(slot, share(value));
      }
      this.#clear(slot);
    }
    for (const value of loop.carried?.values() ?? []) if (value.kind === "tensor") value.release();
    for (const slot of body.slots) this.#clear(slot);
    loop.carried = next;
    if (next.size > 0 && !this.#failed) return true;
    for (const slot of body.entered) this.#clear(slot);
    for (const unit of loop.exits) {
      const slot = unit.outputs[0]!;
      if (slot >= 0) this.#slots[slot] = loop.exited.get(slot) ?? dead;
    }
    this.#loops.delete(loop);
    return false;
  }
}

/** A value with one more reference. */
function share(value: Value): Value {
  return value.kind === "tensor" ? value.retain() : value;
}

function cancelled(signal: AbortSignal, error: unknown): TfError {
  return new TfError("CANCELLED", "Run call was cancelled", { cause: signal.reason ?? error });
}
