// Executes run plans. A frame's units run in their order; an inner frame is one unit of its parent and runs its
// iterations one after another (TensorFlow's parallel_iterations = 1), each through all of its units, with dead tensors as in
// "TensorFlow: Large-Scale Machine Learning on Heterogeneous Distributed Systems" (2015), 4.4: a unit with a dead input is
// dead; a Merge takes the one that is alive; a loop ends when all its NextIterations are dead. Everything runs at once
// until a host kernel or a backend returns a promise; then units that do not need it go on.
import { TfError } from "@org/errors";
import type { FileSystem, Progress } from "@org/io";
import type { NdArray } from "@org/tensor";
import { type ClusterEnvironment, killOutputs, runCluster } from "./cluster-run.ts";
import { runMerge, runSwitch } from "./control-nodes.ts";
import { runHeld } from "./held-kernels.ts";
import { runHostNode, variableAt } from "./host-node.ts";
import { runBeside } from "./run-beside.ts";
import { type Body, type ClusterUnit, type NodeUnit, notFed, type RunPlan, type Unit } from "./run-plan.ts";
import { RunResources } from "./run-resources.ts";
import { RunSlots, share } from "./run-slots.ts";
import { RunningLoop } from "./running-loop.ts";
import { dueTurn } from "./turn.ts";
import { dead, TensorValue, type Value } from "./values.ts";
import type { SessionState } from "./variable-state.ts";

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
  readonly #slots: RunSlots;
  readonly #resources: RunResources;
  readonly #deadUnits: Uint8Array | undefined;
  readonly #signal: AbortSignal | undefined;
  #failed = false;
  #atOnce = false;
  /** Loops that are running: what they carry is theirs. */
  #loops: Set<RunningLoop> | undefined;

  constructor(
    plan: RunPlan,
    feeds: readonly TensorValue[],
    environment: ExecutorEnvironment,
    signal: AbortSignal | undefined,
  ) {
    this.#plan = plan;
    this.#environment = environment;
    this.#slots = new RunSlots(plan);
    this.#resources = new RunResources(environment, signal);
    this.#deadUnits = plan.branches ? new Uint8Array(plan.units.length) : undefined;
    this.#signal = signal;
    for (let i = 0; i < feeds.length; i++) this.#slots.put(plan.feeds[i]!, feeds[i]!);
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
      if (running === undefined) return this.#fetch();
    } catch (error) {
      this.#releaseAll();
      throw error;
    }
    return running
      .then(() => this.#fetch())
      .catch((error) => {
        this.#releaseAll();
        throw error;
      })
      .finally(() => this.#resources.closing);
  }

  #fetch(): Value[] {
    const { fetches } = this.#plan;
    const values: Value[] = new Array(fetches.length);
    for (let i = 0; i < fetches.length; i++) {
      const value = this.#slots.values[fetches[i]!]!;
      if (value.kind === "dead")
        throw new TfError("INVALID_ARGUMENT", `Retval[${i}] does not have value`, {
          hint: "The fetched tensor is in a branch that was not taken in this run.",
        });
      if (value.kind === "handle")
        throw new TfError("INVALID_ARGUMENT", `The handle of ${value.held.title} cannot be fetched`);
      values[i] = value;
    }
    for (let i = 0; i < values.length; i++) share(values[i]!);
    this.#releaseAll();
    return values;
  }

  #releaseAll(): void {
    if (this.#loops !== undefined) for (const loop of this.#loops) loop.release();
    this.#loops = undefined;
    this.#resources.close();
    this.#slots.releaseAll();
  }

  #checkCancelled(): void {
    if (this.#signal?.aborted) throw cancelled(this.#signal, undefined);
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
          this.#resources.abort(error);
        },
      });
    } catch (error) {
      throw this.#signal?.aborted ? cancelled(this.#signal, error) : error;
    }
  }

  #runUnit(unit: Unit): void | Promise<void> {
    let running: void | Promise<void>;
    if (unit.kind === "cluster") running = this.#runCluster(unit);
    else if (unit.kind === "loop") {
      if (this.#deadUnits !== undefined) this.#deadUnits[unit.id] = 0;
      const loop = new RunningLoop(unit.body);
      this.#loops ??= new Set();
      this.#loops.add(loop);
      running = this.#iterate(loop);
    } else running = this.#runNode(unit);
    if (running === undefined) {
      this.#slots.countDown(unit);
      return;
    }
    return running.then(() => this.#slots.countDown(unit));
  }

  // ---- clusters, and what kills them

  #runCluster(unit: ClusterUnit): void | Promise<void> {
    const { cluster } = unit;
    const deadUnits = this.#deadUnits;
    const { values } = this.#slots;
    if (deadUnits === undefined) return runCluster(cluster, values, this.#environment);
    // It may have died in an earlier turn of the loop around.
    deadUnits[unit.id] = 0;
    if (
      this.#isDead(unit) ||
      cluster.inputs.some(({ slot }) => values[slot] === dead) ||
      cluster.deadSlots.some((slot) => values[slot] === dead)
    ) {
      killOutputs(cluster, values);
      deadUnits[unit.id] = 1;
      return;
    }
    return runCluster(cluster, values, this.#environment);
  }

  #isDead(unit: Unit): boolean {
    if (this.#deadUnits === undefined) return false;
    for (const control of unit.controls) if (this.#deadUnits[control] === 1) return true;
    return false;
  }

  // ---- single nodes

  #runNode(unit: NodeUnit, carried?: Value): void | Promise<void> {
    const { node } = unit;
    const { values } = this.#slots;
    if (this.#deadUnits !== undefined) {
      this.#deadUnits[unit.id] = 0;
      const dies =
        node.kind !== "trigger" &&
        node.kind !== "merge" &&
        (this.#isDead(unit) || unit.inputs.some((slot) => slot >= 0 && values[slot] === dead));
      if (dies) {
        this.#deadUnits[unit.id] = 1;
        this.#slots.kill(unit.outputs);
        return;
      }
    }
    switch (node.kind) {
      case "merge":
        if (!runMerge(unit, carried, this.#slots, this.#environment.devices)) this.#deadUnits![unit.id] = 1;
        return;
      case "placeholder":
        throw notFed(node.op);
      case "const":
        return this.#slots.put(unit.outputs[0]!, this.#constant(node.op.attrs.tensor("value")));
      case "switch":
        return runSwitch(unit, this.#slots);
      case "enter":
      case "exit":
      case "nextIteration":
        return this.#slots.put(unit.outputs[0]!, share(values[unit.inputs[0]!]!));
      case "forward":
        for (const [i, slot] of unit.outputs.entries()) this.#slots.put(slot, this.#forward(unit, i));
        return;
      case "held":
        return this.#heldKernel(unit);
      case "host":
        return runHostNode(unit, this.#slots, this.#environment, this.#resources);
      default:
        return;
    }
  }

  #constant(array: NdArray): TensorValue {
    return new TensorValue(this.#environment.devices, array.dtype, array.shape, array);
  }

  #forward(unit: NodeUnit, i: number): Value {
    const { node } = unit;
    if (node.uses[i]!.access !== "variable") return share(this.#slots.values[unit.inputs[i]!]!);
    return variableAt(unit, i, this.#slots).read(node.op.name).retain();
  }

  #heldKernel(unit: NodeUnit): void | Promise<void> {
    const finish = (values: readonly Value[]): void => {
      for (const [i, value] of values.entries()) this.#slots.put(unit.outputs[i] ?? -1, value);
    };
    const result = runHeld(unit.node.op, {
      input: (index) => this.#slots.values[unit.inputs[index]!]!,
      hold: (held) => this.#resources.hold(held),
      value: (array) => this.#constant(array),
    });
    return result instanceof Promise ? result.then(finish) : finish(result);
  }

  // ---- loops

  #iterate(loop: RunningLoop): void | Promise<void> {
    for (;;) {
      this.#checkCancelled();
      const running = this.#iteration(loop);
      if (running !== undefined)
        return running.then(() => {
          if (this.#endIteration(loop)) return this.#iterate(loop);
        });
      if (!this.#endIteration(loop)) return;
      const turn = this.#atOnce ? undefined : dueTurn();
      if (turn !== undefined) return turn.then(() => this.#iterate(loop));
    }
  }

  #iteration(loop: RunningLoop): void | Promise<void> {
    const { merges, rest } = loop.parts;
    this.#slots.recount(loop.body.slots);
    // Merges first: they have no inputs within the iteration.
    for (let i = 0; i < merges.length; i++) {
      this.#runNode(merges[i]!, loop.carriedTo(merges[i]!));
      this.#slots.countDown(merges[i]!);
    }
    return this.#runBody(rest);
  }

  #endIteration(loop: RunningLoop): boolean {
    if (loop.endIteration(this.#slots, this.#failed)) return true;
    this.#loops!.delete(loop);
    return false;
  }
}

function cancelled(signal: AbortSignal, error: unknown): TfError {
  return new TfError("CANCELLED", "Run call was cancelled", { cause: signal.reason ?? error });
}
