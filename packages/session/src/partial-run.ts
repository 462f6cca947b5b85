// Partial runs: one run of a set of fetches whose feeds come one after another. Every unit runs once, as soon as its feeds are there;
// what needs none runs with the first. Source: core/common_runtime/direct_session.cc (PRunSetup, PRun).
import { TfError } from "@org/errors";
import type { Operation, Tensor } from "@org/graph";
import type { Execution } from "./executor.ts";
import type { RunRequest } from "./prune.ts";
import type { RunPlan, Unit } from "./run-plan.ts";
import type { TensorValue, Value } from "./values.ts";

/** What one call gives and asks for. */
export interface PartialStep {
  readonly feeds: readonly Tensor[];
  /** The feeds' values; made when the step is found to be right. */
  readonly values: () => readonly TensorValue[];
  readonly fetches: readonly Tensor[];
  readonly operations: readonly Operation[];
  readonly signal: AbortSignal | undefined;
}

/** The partial runs of a session that have begun, by handle. */
export class PartialRuns {
  readonly #runs: Map<string, PartialRun> = new Map();
  #count = 0;

  /** Begins one; its handle. `execute` makes its execution, which ends when the signal is aborted. */
  begin(request: RunRequest, plan: RunPlan, execute: (signal: AbortSignal) => Execution): string {
    const names = (items: readonly { readonly name: string }[]): string =>
      items.map(({ name }) => name).join(",");
    const handle = `${names(request.feeds)}->${names(request.fetches)}/${names(request.targets)}/1/;${this.#count++}`;
    this.#runs.set(handle, new PartialRun(request, plan, execute));
    return handle;
  }

  /** The fetched values, each with a reference for the caller. The run is over when everything is fed and fetched, or something failed. */
  async step(handle: string, step: PartialStep): Promise<readonly Value[]> {
    const run = this.#runs.get(handle);
    if (run === undefined)
      throw new TfError("INVALID_ARGUMENT", "Must run 'setup' before performing partial runs!", {
        hint: "partialRunSetup(fetches, feeds) gives a handle, which is good until all of them are done.",
      });
    run.check(step);
    try {
      const values = await run.step(step);
      if (run.isDone) await this.#end(handle, run);
      return values;
    } catch (error) {
      await this.#end(handle, run);
      throw error;
    }
  }

  /** Ends all that have begun. */
  async close(): Promise<void> {
    const runs = [...this.#runs];
    await Promise.all(runs.map(([handle, run]) => this.#end(handle, run)));
  }

  async #end(handle: string, run: PartialRun): Promise<void> {
    this.#runs.delete(handle);
    await run.end();
  }
}

class PartialRun {
  readonly #plan: RunPlan;
  readonly #execution: Execution;
  readonly #controller = new AbortController();
  readonly #feeds: ReadonlyMap<Tensor, number>;
  readonly #fetches: ReadonlyMap<Tensor, number>;
  readonly #fed: Set<number> = new Set();
  readonly #fetched: Set<number> = new Set();
  /** Feeds whose values are there, and units that were run. */
  readonly #given: Set<number> = new Set();
  readonly #ran: Set<number> = new Set();
  #running: Promise<unknown> = Promise.resolve();

  constructor({ feeds, fetches }: RunRequest, plan: RunPlan, execute: (signal: AbortSignal) => Execution) {
    this.#plan = plan;
    this.#execution = execute(this.#controller.signal);
    this.#feeds = new Map(feeds.map((tensor, i) => [tensor, i]));
    this.#fetches = new Map(fetches.map((tensor, i) => [tensor, i]));
  }

  get isDone(): boolean {
    return this.#fed.size === this.#feeds.size && this.#fetched.size === this.#fetches.size;
  }

  /** Throws TfError INVALID_ARGUMENT for feeds and fetches that were not set up, come twice, or need feeds that are not there; nothing has happened then. */
  check({ feeds, fetches, operations }: PartialStep): void {
    const fail = (sentence: string, tensor: Tensor, hint?: string): never => {
      const place = { key: tensor.name, ...(hint === undefined ? {} : { hint }) };
      throw new TfError("INVALID_ARGUMENT", sentence, place);
    };
    if (operations.length > 0)
      throw new TfError("FAILED_PRECONDITION", "partial_run() requires empty target_list.", {
        hint: `Name the operation ${operations[0]!.name} in partialRunSetup: it runs when its feeds are there.`,
      });
    const known = (
      what: "feed" | "fetch",
      tensor: Tensor,
      all: ReadonlyMap<Tensor, number>,
      done: ReadonlySet<number>,
    ): number => {
      const at = all.get(tensor);
      const name = `The ${what} ${tensor.name}`;
      if (at === undefined) return fail(`${name} was not specified in partial_run_setup.`, tensor);
      if (done.has(at))
        return fail(`${name} has already been ${what === "feed" ? "fed" : "fetched"}.`, tensor);
      return at;
    };
    const fed = new Set(this.#fed);
    for (const tensor of feeds) fed.add(known("feed", tensor, this.#feeds, this.#fed));
    const feedTensors = [...this.#feeds.keys()];
    for (const tensor of fetches)
      for (const feed of this.#plan.fetchFeeds[known("fetch", tensor, this.#fetches, this.#fetched)]!) {
        if (fed.has(feed)) continue;
        const { name } = feedTensors[feed]!;
        fail(
          `Fetch ${name} can't be computed from the feeds that have been fed so far.`,
          tensor,
          `${tensor.name} needs ${name}: feed it in this call or before.`,
        );
      }
    for (const tensor of feeds) this.#fed.add(this.#feeds.get(tensor)!);
    for (const tensor of fetches) this.#fetched.add(this.#fetches.get(tensor)!);
  }

  /** Runs what `step`, which was checked, makes possible. Steps of one run go one after another. */
  step(step: PartialStep): Promise<readonly Value[]> {
    const result = this.#running.then(() => this.#step(step));
    this.#running = result.catch(() => {});
    return result;
  }

  async #step({ feeds, values, fetches, signal }: PartialStep): Promise<readonly Value[]> {
    const follow = (): void => this.#controller.abort(signal!.reason);
    if (signal?.aborted) follow();
    signal?.addEventListener("abort", follow, { once: true });
    try {
      values().forEach((value, i) => {
        const feed = this.#feeds.get(feeds[i]!)!;
        this.#given.add(feed);
        this.#execution.feed(feed, value);
      });
      await this.#execution.runUnits(this.#ready());
      const taken: Value[] = [];
      try {
        for (const tensor of fetches) taken.push(this.#take(tensor));
      } catch (error) {
        for (const value of taken) if (value.kind === "tensor") value.release();
        throw error;
      }
      return taken;
    } finally {
      signal?.removeEventListener("abort", follow);
    }
  }

  #take(tensor: Tensor): Value {
    const sentence = (): string => `The tensor returned for ${tensor.name} was not valid.`;
    return this.#execution.take(this.#fetches.get(tensor)!, sentence);
  }

  /** The units that have not run yet and whose feeds are all there. */
  #ready(): Unit[] {
    const { root, feeds } = this.#plan;
    const missing = new Set(feeds.filter((slot, feed) => slot >= 0 && !this.#given.has(feed)));
    return root.units.filter(({ id, before, uses }) => {
      const runs =
        !this.#ran.has(id) &&
        !uses.some((slot) => missing.has(slot)) &&
        before.every((earlier) => this.#ran.has(earlier));
      if (runs) this.#ran.add(id);
      return runs;
    });
  }

  /** Ends what still runs, and gives up everything. */
  async end(): Promise<void> {
    this.#controller.abort();
    await this.#running;
    await this.#execution.end();
  }
}
