// Executes run plans. A frame's units run in their order; an inner frame is one unit of its parent and runs its
// iterations one after another (TensorFlow's parallel_iterations = 1), each through all of its units, with dead tensors as in
// "TensorFlow: Large-Scale Machine Learning on Heterogeneous Distributed Systems" (2015), 4.4: a unit with a dead input is
// dead; a Merge takes the one that is alive; a loop ends when all its NextIterations are dead. Everything runs at once
// until a host kernel or a backend returns a promise; then units that do not need it go on.
import { TfError } from "@org/errors";
import type { FileSystem, Progress } from "@org/io";
import { type ClusterEnvironment, killOutputs, runCluster } from "./cluster-run.ts";
import { DeadUnits } from "./dead-units.ts";
import type { Functions } from "./functions.ts";
import { NodeRuns } from "./node-runs.ts";
import { runBeside } from "./run-beside.ts";
import { cancelled, timedOut } from "./run-deadline.ts";
import type { Body, ClusterUnit, RunPlan, Unit } from "./run-plan.ts";
import { enterRunPlan, leaveRunPlan } from "./run-plan-use.ts";
import { RunResources } from "./run-resources.ts";
import { RunSlots, share } from "./run-slots.ts";
import { RunningLoop } from "./running-loop.ts";
import type { RunCounts } from "./stats.ts";
import { dueTurn } from "./turn.ts";
import type { TensorValue, Value } from "./values.ts";
import type { SessionState } from "./variable-state.ts";

/** What executions of one session share. */
export interface ExecutorEnvironment extends ClusterEnvironment {
  readonly state: SessionState;
  readonly fs: FileSystem | undefined;
  readonly counts: RunCounts;
  readonly onProgress?: ((progress: Progress) => void) | undefined;
  /** In milliseconds of performance.now(). */
  readonly deadline?: number | undefined;
  /** Runs what nodes stand for, and functions that they call. */
  readonly functions: Functions;
}

/** One run of a plan. */
export class Execution {
  readonly #plan: RunPlan;
  readonly #environment: ExecutorEnvironment;
  readonly #slots: RunSlots;
  readonly #resources: RunResources;
  readonly #deadUnits: DeadUnits | undefined;
  readonly #nodes: NodeRuns;
  readonly #signal: AbortSignal | undefined;
  #failed = false;
  #ended = false;
  #atOnce = false;
  /** Loops that are running: what they carry is theirs. */
  #loops: Set<RunningLoop> | undefined;

  constructor(
    plan: RunPlan,
    feeds: readonly Value[],
    environment: ExecutorEnvironment,
    signal: AbortSignal | undefined,
    depth = 0,
  ) {
    this.#plan = plan;
    this.#environment = environment;
    enterRunPlan(plan);
    this.#slots = new RunSlots(plan);
    this.#resources = new RunResources(environment, signal);
    this.#deadUnits = plan.branches ? new DeadUnits(plan.units.length) : undefined;
    this.#nodes = new NodeRuns(
      environment,
      this.#slots,
      this.#resources,
      this.#deadUnits,
      depth,
      (inner, inputs, shared, aborts, below) =>
        new Execution(inner, inputs, shared, aborts, below).run(this.#atOnce),
    );
    this.#signal = signal;
    for (let i = 0; i < feeds.length; i++) this.#slots.put(plan.feeds[i]!, feeds[i]!);
  }

  /**
   * Runs everything and yields the fetched values, each with a reference for the caller. `atOnce`: the caller cannot wait, so loops
   * hand the event loop no turns.
   */
  run(atOnce = false): Value[] | Promise<Value[]> {
    this.#atOnce = atOnce;
    this.#nodes.atOnce = atOnce;
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
    const { length } = this.#plan.fetches;
    const values: Value[] = new Array(length);
    for (let i = 0; i < length; i++) values[i] = this.#fetched(i, () => `Retval[${i}] does not have value`);
    for (let i = 0; i < length; i++) share(values[i]!);
    this.#releaseAll();
    return values;
  }

  #fetched(i: number, deadSentence: () => string): Value {
    const value = this.#slots.values[this.#plan.fetches[i]!]!;
    if (value.kind === "dead")
      throw new TfError("INVALID_ARGUMENT", deadSentence(), {
        hint: "The fetched tensor is in a branch that was not taken in this run.",
      });
    if (value.kind === "handle")
      throw new TfError("INVALID_ARGUMENT", `The handle of ${value.held.title} cannot be fetched`);
    return value;
  }

  // ---- in parts: fed, run and read again and again, then ended

  /** Takes over the caller's reference to the value of feed `i`. */
  feed(i: number, value: TensorValue): void {
    this.#slots.put(this.#plan.feeds[i]!, value);
  }

  /** Runs some units of the root frame; what they need must have been run, or be among those before them. */
  runUnits(units: readonly Unit[]): void | Promise<void> {
    this.#checkCancelled();
    return this.#runBody({ ...this.#plan.root, units });
  }

  /** The value of fetch `i`, with a reference for the caller. `deadSentence` says that it is dead. */
  take(i: number, deadSentence: () => string): Value {
    return share(this.#fetched(i, deadSentence));
  }

  /** Gives up everything; done when what the run shared is closed. */
  async end(): Promise<void> {
    this.#releaseAll();
    await this.#resources.closing;
  }

  #releaseAll(): void {
    if (this.#ended) return;
    this.#ended = true;
    if (this.#loops !== undefined) for (const loop of this.#loops) loop.release();
    this.#loops = undefined;
    this.#resources.close();
    this.#slots.releaseAll();
    leaveRunPlan(this.#plan);
  }

  #checkCancelled(): void {
    if (this.#signal?.aborted) throw cancelled(this.#signal, undefined);
    const { deadline } = this.#environment;
    if (deadline !== undefined && performance.now() > deadline) throw timedOut();
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
      this.#deadUnits?.revive(unit);
      const loop = new RunningLoop(unit.body);
      this.#loops ??= new Set();
      this.#loops.add(loop);
      running = this.#iterate(loop);
    } else running = this.#nodes.run(unit, undefined);
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
    deadUnits.revive(unit);
    if (deadUnits.takesCluster(unit, values)) {
      killOutputs(cluster, values);
      deadUnits.kill(unit);
      return;
    }
    return runCluster(cluster, values, this.#environment);
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
      this.#nodes.run(merges[i]!, loop.carriedTo(merges[i]!));
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
