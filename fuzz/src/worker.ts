// A process that runs cases, one after the other, and tells its parent (run.mjs) of blocks that are done and of failures. Which case it is at
// stands in a file, so that the parent knows it however this process ends.
import { mkdirSync, openSync, writeFileSync, writeSync } from "node:fs";
import { dirname, join } from "node:path";
import { type Case, drawCase } from "./cases.ts";
import { goldenSamples } from "./golden-samples.ts";
import { ownSamples } from "./own-samples.ts";
import { plantedFaults } from "./planted-faults.ts";
import { outcomeOf } from "./readers.ts";
import { changedPrototype, forgetPrototypes, takeCount, watchBuffers } from "./watch.ts";

interface Options {
  readonly seed: number;
  readonly shared: string;
  readonly progress: string;
  readonly failures: string;
  /** Most bytes of one buffer, and of all buffers of a case. */
  readonly largest: number;
  readonly total: number;
  /** Most bytes that the process may have in memory. */
  readonly resident: number;
  /** Most seconds of processor time that a case may take. */
  readonly seconds: number;
  readonly kinds: readonly string[];
  /** Whether files of failures are kept. */
  readonly keep: boolean;
  /** A fault of planted-faults.ts, and the case that it is planted at. */
  readonly plant?: string;
  readonly at: number;
}

const options = JSON.parse(process.argv[2]!) as Options;

/** Writes a case's files, and what went wrong, to a folder; its path. */
function keep(number: number, { sample, files }: Case, what: string): string {
  if (!options.keep) return "(not kept)";
  const folder = join(options.failures, `seed-${options.seed}-case-${number}`);
  for (const [path, bytes] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, "files", path)), { recursive: true });
    writeFileSync(join(folder, "files", path), bytes);
  }
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, "failure.txt"), `${sample.kind} ${sample.path}, from ${sample.name}\n${what}\n`);
  return folder;
}

const stray: unknown[] = [];
process.on("unhandledRejection", (reason) => stray.push(reason));

const message = (error: unknown): string =>
  error instanceof Error ? (error.stack ?? String(error)) : String(error);

/** What is wrong with how a case went; undefined for nothing. */
async function failureOf(
  number: number,
  { sample, files, random }: Case,
  outcomes: Map<string, number>,
): Promise<string | undefined> {
  stray.length = 0;
  takeCount();
  const start = process.cpuUsage();
  let failure: string | undefined;
  let outcome = "failed";
  try {
    if (options.plant !== undefined && number === options.at) await plantedFaults[options.plant]!();
    outcome = await outcomeOf(sample.kind, sample.path, files, random);
  } catch (error) {
    failure = message(error);
  }
  const { user, system } = process.cpuUsage(start);
  const seconds = (user + system) / 1e6;
  const { largest, total } = takeCount();
  if (stray.length > 0) failure ??= `a rejection that nobody caught: ${message(stray[0])}`;
  const changed = changedPrototype();
  if (changed) {
    failure ??= `the prototype of ${changed} was changed`;
    forgetPrototypes();
  }
  if (total > options.total) failure ??= `${total} bytes of buffers, more than ${options.total}`;
  if (seconds > options.seconds) failure ??= `${seconds} s of processor time, more than ${options.seconds}`;
  const resident = process.memoryUsage.rss();
  if (resident > options.resident)
    failure ??= `the process has ${resident} bytes, more than ${options.resident}`;
  outcomes.set(`${sample.kind} ${outcome}`, (outcomes.get(`${sample.kind} ${outcome}`) ?? 0) + 1);
  most.largest = Math.max(most.largest, largest);
  most.total = Math.max(most.total, total);
  most.seconds = Math.max(most.seconds, seconds);
  most.resident = Math.max(most.resident, resident);
  return failure;
}

const most = { largest: 0, total: 0, seconds: 0, resident: 0 };

const wanted = ({ kind }: { kind: string }): boolean =>
  options.kinds.length === 0 || options.kinds.includes(kind);
const samples = [...(await ownSamples()), ...goldenSamples(options.shared)].filter(wanted);
// Memory of its own readers counts, not that of making samples.
watchBuffers(options.largest);

const progress = openSync(options.progress, "w");
const at = Buffer.alloc(8);

const seen = new Map<string, number>();

/** Tells of a failure; the first ones of a kind, told by where it was thrown, are kept. */
function fail(number: number, drawn: Case, failure: string): void {
  const key = failure
    .split("\n")
    .filter((line) => /^ +at /.test(line))
    .slice(0, 3)
    .join();
  const times = (seen.get(key) ?? 0) + 1;
  seen.set(key, times);
  process.send!(
    times <= 2
      ? { kind: "failure", number, failure, folder: keep(number, drawn, failure) }
      : { kind: "failure", number },
  );
}

type Order =
  | { readonly kind: "run"; readonly from: number; readonly to: number }
  | { readonly kind: "keep"; readonly number: number; readonly what: string };

process.on("message", async (order: Order) => {
  if (order.kind === "keep") {
    const drawn = await drawCase(samples, options.seed, order.number);
    process.send!({ kind: "kept", folder: keep(order.number, drawn, order.what) });
    return;
  }
  const outcomes = new Map<string, number>();
  for (let number = order.from; number < order.to; number++) {
    at.writeDoubleLE(number);
    writeSync(progress, at, 0, 8, 0);
    const drawn = await drawCase(samples, options.seed, number);
    const failure = await failureOf(number, drawn, outcomes);
    if (failure !== undefined) fail(number, drawn, failure);
  }
  process.send!({ ...order, kind: "done", outcomes: Object.fromEntries(outcomes), most });
});
process.on("disconnect", () => process.exit(0));
process.send!({ kind: "ready", samples: samples.length });
