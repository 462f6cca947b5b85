// Runs the scripts of conformance/python with a real TensorFlow.
import { execFileSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll } from "vitest";
import { environment } from "../environments.mjs";

export type TensorFlowVersion = "1.0.1" | "1.15.5" | "2.21.0";

const found = new Map<TensorFlowVersion, { python?: string; missing?: string }>();

/** Why there is no such TensorFlow here, or undefined where there is one. */
export function missing(version: TensorFlowVersion): string | undefined {
  if (!found.has(version)) found.set(version, environment(version));
  return found.get(version)!.missing;
}

/** The folder of golden files beside the repository. */
export const shared: string = process.env.METAGRAPH_SHARED ?? join(import.meta.dirname, "../../../shared");
export const haveShared: boolean = existsSync(join(shared, "golden"));

const folders: string[] = [];
afterAll(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true });
});

/** A new folder for one test's files, gone after the last test of the file that asked for it. */
export function scratch(): string {
  const folder = mkdtempSync(join(tmpdir(), "metagraph-conformance-"));
  folders.push(folder);
  return folder;
}

/** Runs a script; its arguments are paths. Its output comes with the error if it fails. */
export function python(version: TensorFlowVersion, script: string, args: readonly string[]): void {
  if (missing(version)) throw new Error(missing(version));
  const file = join(import.meta.dirname, "../python", script);
  execFileSync(found.get(version)!.python!, [file, ...args], {
    encoding: "utf8",
    stdio: ["ignore", "pipe", "pipe"],
    env: { ...process.env, TF_CPP_MIN_LOG_LEVEL: "3", CUDA_VISIBLE_DEVICES: "" },
  });
}

export interface ModelSteps {
  readonly meta: string;
  readonly prefix: string;
  readonly steps: readonly {
    readonly feed?: Readonly<Record<string, string>>;
    readonly fetch: readonly string[];
    readonly targets?: readonly string[];
  }[];
  readonly save?: string;
  readonly queue_runners?: boolean;
}

/** What each step of a model fetched. */
export type Fetched = Record<string, unknown>[];

/** run_model.py: what each step fetched. */
export function runModel(version: TensorFlowVersion, spec: ModelSteps): Fetched {
  return runModels(version, [spec])[0]!;
}

/** run_model.py with several models, one after the other in one process: what each step of each fetched. */
export function runModels(version: TensorFlowVersion, specs: readonly ModelSteps[]): Fetched[] {
  const folder = scratch();
  writeFileSync(join(folder, "spec.json"), JSON.stringify(specs));
  python(version, "run_model.py", [join(folder, "spec.json"), join(folder, "out.json")]);
  return JSON.parse(readFileSync(join(folder, "out.json"), "utf8")) as Fetched[];
}

/** read_checkpoint.py: every tensor of a checkpoint. */
export function readCheckpoint(
  version: TensorFlowVersion,
  prefix: string,
): Record<
  string,
  { dtype: string; shape: number[]; hex?: string; strings?: string[]; unsupported?: string }
> {
  const out = join(scratch(), "out.json");
  python(version, "read_checkpoint.py", [prefix, out]);
  return JSON.parse(readFileSync(out, "utf8"));
}
