// The run plans of a session, by what is asked for. They are for one revision of the graph: when it grows, all are made anew.
import type { Graph } from "@org/graph";
import type { RunRequest } from "./prune.ts";
import type { RunPlan } from "./run-plan.ts";
import { dropRunPlan } from "./run-plan-use.ts";

/** Requests that are recognised by their objects alone. */
const recentLimit = 4;

interface Kept {
  readonly request: RunRequest;
  readonly plan: RunPlan;
}

export class PlanCache {
  readonly #graph: Graph;
  readonly #make: (request: RunRequest) => RunPlan;
  readonly #limit: number;
  readonly #plans: Map<string, RunPlan> = new Map();
  /** The last used first. */
  readonly #recent: Kept[] = [];
  #revision = -1;

  /** `make` is asked for plans that are not there. */
  constructor(graph: Graph, limit: number, make: (request: RunRequest) => RunPlan) {
    this.#graph = graph;
    this.#limit = limit;
    this.#make = make;
  }

  /** The plan of a request. Throws as `make` does. */
  get(request: RunRequest): RunPlan {
    if (this.#revision !== this.#graph.revision) {
      this.clear();
      this.#revision = this.#graph.revision;
    }
    for (let i = 0; i < this.#recent.length; i++) {
      const kept = this.#recent[i]!;
      if (!sameRequest(kept.request, request)) continue;
      if (i > 0) {
        this.#recent.splice(i, 1);
        this.#recent.unshift(kept);
      }
      return kept.plan;
    }
    const key = keyOf(request);
    let plan = this.#plans.get(key);
    if (plan === undefined) {
      plan = this.#make(request);
      this.#plans.set(key, plan);
      for (const [oldest, old] of this.#plans) {
        if (this.#plans.size <= this.#limit) break;
        this.#plans.delete(oldest);
        this.#forget(old);
        dropRunPlan(old);
      }
    }
    this.#recent.unshift({ request, plan });
    if (this.#recent.length > recentLimit) this.#recent.pop();
    return plan;
  }

  /** Clusters in the plans that are kept. */
  get clusters(): number {
    let count = 0;
    for (const plan of this.#plans.values()) count += plan.clusters.length;
    return count;
  }

  clear(): void {
    for (const plan of this.#plans.values()) dropRunPlan(plan);
    this.#plans.clear();
    this.#recent.length = 0;
  }

  #forget(plan: RunPlan): void {
    const at = this.#recent.findIndex((kept) => kept.plan === plan);
    if (at >= 0) this.#recent.splice(at, 1);
  }
}

function keyOf({ fetches, targets, feeds, partial }: RunRequest): string {
  const names = (items: readonly { readonly name: string }[]): string => items.map(({ name }) => name).join();
  return `${partial ? "partial" : ""}|${names(fetches)}|${names(targets)}|${names(feeds)}`;
}

function sameRequest(a: RunRequest, b: RunRequest): boolean {
  return (
    a.partial === b.partial &&
    sameItems(a.fetches, b.fetches) &&
    sameItems(a.targets, b.targets) &&
    sameItems(a.feeds, b.feeds)
  );
}

function sameItems(a: readonly unknown[], b: readonly unknown[]): boolean {
  if (a.length !== b.length) return false;
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false;
  return true;
}
