// Runs saved models here as run_model.py runs them in TensorFlow, and compares.
import { readFileSync } from "node:fs";
import type { RunningSums } from "@org/hlo";
import { cpu } from "@org/kernels-cpu";
import { type NdArray, readNpy, toNumbers } from "@org/tensor";
import * as tf from "@org/tf";
import { expect } from "vitest";
import type { Fetched, ModelSteps } from "./real-tensorflow.ts";

const load = (path: string): NdArray => readNpy(readFileSync(path));

/** A model's steps, and where to save before them. */
export interface HereSteps extends ModelSteps {
  readonly saveFirst?: string;
  /** Sums of columns as that TensorFlow's kernels make them: see CpuOptions. */
  readonly runningSums?: RunningSums;
}

/** Restores a model here and runs its steps, on the CPU backend alone; may save before and after them. */
export async function runHere(spec: HereSteps): Promise<Record<string, number[]>[]> {
  const graph = new tf.Graph();
  const saver = await graph.asDefault(() => tf.train.importMetaGraph(spec.meta));
  const backend = spec.runningSums ? cpu({ runningSums: spec.runningSums }) : "cpu";
  const session = new tf.Session({ graph, backends: [backend], fallback: false });
  await saver!.restore(session, spec.prefix);
  if (spec.saveFirst) await saver!.save(session, spec.saveFirst);
  const results = await runSteps(session, spec);
  if (spec.save) await saver!.save(session, spec.save);
  await session.close();
  return results;
}

/** Runs steps in a session, with the queue runners of its graph if the steps say so: what each fetched. */
export async function runSteps(
  session: tf.Session,
  { steps, queue_runners }: Pick<ModelSteps, "steps" | "queue_runners">,
): Promise<Record<string, number[]>[]> {
  const coord = new tf.train.Coordinator();
  if (queue_runners) tf.train.startQueueRunners(session, { coord });
  const results: Record<string, number[]>[] = [];
  for (const { feed = {}, fetch, targets = [] } of steps) {
    const feeds = Object.fromEntries(Object.entries(feed).map(([name, path]) => [name, load(path)]));
    const values = (await session.run(Object.fromEntries(fetch.map((name) => [name, name])), {
      feeds,
      targets: [...targets],
    })) as Record<string, NdArray>;
    results.push(Object.fromEntries(fetch.map((name) => [name, toNumbers(values[name]!)])));
  }
  coord.requestStop();
  await coord.join();
  return results;
}

/** Checks that each value of each step is within `tolerance` of the other run's, relative to values above 1. */
export function expectClose(ours: Record<string, number[]>[], theirs: Fetched, tolerance = 1e-4): void {
  expect(ours.length).toBe(theirs.length);
  for (const [step, values] of ours.entries()) {
    for (const [name, numbers] of Object.entries(values)) {
      const other = [theirs[step]![name]].flat(9) as number[];
      expect(numbers.length, name).toBe(other.length);
      for (const [i, value] of numbers.entries()) {
        const allowed = tolerance * Math.max(1, Math.abs(other[i]!));
        expect(
          Math.abs(value - other[i]!),
          `step ${step}, ${name}[${i}]: ${value} and ${other[i]}`,
        ).toBeLessThanOrEqual(allowed);
      }
    }
  }
}
