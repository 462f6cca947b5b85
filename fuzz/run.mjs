// Reads broken files through every reader, as many as there is time for: `node run.mjs --seconds 120`, `--inputs 1000000`. What a reader may do
// with one is to refuse it with a TfError, or to answer. Cases are told by seed and number: `--seed 1 --case 4711` runs one again.
// Bundles itself from the TypeScript sources; nothing needs to be built.
import { fork } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { availableParallelism } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { build } from "esbuild";

const here = import.meta.dirname;
const usage = `Usage: node fuzz/run.mjs [--seconds N | --inputs N | --case N] [--seed N] [--workers N] [--kind KIND]...`;
const { values } = parseArgs({
  options: {
    seconds: { type: "string" },
    inputs: { type: "string" },
    case: { type: "string" },
    seed: { type: "string", default: "1" },
    workers: { type: "string" },
    kind: { type: "string", multiple: true, default: [] },
    // For the test of this program itself.
    plant: { type: "string" },
    at: { type: "string", default: "0" },
    hangs: { type: "string", default: "60" },
    keep: { type: "string", default: "yes" },
    help: { type: "boolean", short: "h", default: false },
  },
});
const count = (name, least) => {
  if (values[name] === undefined) return undefined;
  const number = Number(values[name]);
  if (Number.isSafeInteger(number) && number >= least) return number;
  console.error(`--${name} takes a whole number from ${least}, not ${values[name]}\n${usage}`);
  process.exit(2);
};
if (values.help) {
  console.log(usage);
  process.exit(0);
}

/** The bounds that README.md states; inputs have at most 128 KiB a file. */
const limits = {
  /** Bytes of one buffer. */
  largest: 2 ** 27,
  /** Bytes of all buffers that are made for an input. */
  total: 2 ** 30,
  /** Bytes of the process, the samples and the readers' own code among them. */
  resident: 2 ** 30,
  /** Seconds of processor time an input. */
  seconds: 10,
};
/** MiB of JavaScript objects; beyond, the process ends. */
const heap = 384;
/** Seconds by the clock after which an input counts as hanging: more than the processor time, since machines are shared. */
const hangs = count("hangs", 1);
const blockSize = 500;

const seed = count("seed", 0);
const only = count("case", 0);
const inputs = only === undefined ? count("inputs", 1) : 1;
const seconds = count("seconds", 1) ?? (inputs === undefined ? 60 : undefined);
const wanted = only !== undefined ? 1 : (count("workers", 1) ?? Math.min(availableParallelism(), 8));

const folder = mkdtempSync(join(here, ".run-"));
const bundle = join(folder, "worker.mjs");
const options = {
  seed,
  shared: process.env.METAGRAPH_SHARED ?? join(here, "../../shared"),
  failures: join(here, "failures"),
  kinds: values.kind,
  keep: values.keep !== "no",
  plant: values.plant,
  at: count("at", 0),
  ...limits,
};

const started = Date.now();
const deadline = seconds === undefined ? Number.POSITIVE_INFINITY : started + seconds * 1000;
let next = only ?? 0;
const end = only !== undefined ? only + 1 : (inputs ?? Number.POSITIVE_INFINITY);
let done = 0;
let failures = 0;
const outcomes = {};
const most = { largest: 0, total: 0, seconds: 0, resident: 0 };

function report(number, what, where) {
  failures++;
  // More of what was shown already.
  if (what === undefined) return;
  console.error(`\nFAILED case ${number}: ${what.split("\n").slice(0, 12).join("\n")}\n  files: ${where}`);
  console.error(
    `  again: node fuzz/run.mjs --seed ${seed} --case ${number}${values.kind.map((kind) => ` --kind ${kind}`).join("")}`,
  );
}

/** The next numbers to run; undefined at the end. */
function nextBlock() {
  if (next >= end || Date.now() >= deadline) return undefined;
  const from = next;
  next = Math.min(from + blockSize, end);
  return { kind: "run", from, to: next };
}

/** Runs blocks in a process, and in another one where that ends or hangs, until there are none. */
function work(id) {
  return new Promise((resolve, reject) => {
    let block;
    let lost;
    const start = () => {
      const progress = join(folder, `progress-${id}`);
      const child = fork(bundle, [JSON.stringify({ ...options, progress })], {
        execArgv: [`--max-old-space-size=${heap}`, "--enable-source-maps"],
        stdio: ["ignore", "inherit", "pipe", "ipc"],
      });
      let errors = "";
      child.stderr.on("data", (text) => {
        errors = (errors + text).slice(-4000);
      });
      let ended = false;
      let ready = false;
      let last;
      let since = Date.now();
      const currentCase = () =>
        ready && existsSync(progress) && readFileSync(progress).length === 8
          ? readFileSync(progress).readDoubleLE(0)
          : undefined;
      const watchdog = setInterval(() => {
        const current = currentCase();
        if (current !== last || block === undefined) since = Date.now();
        last = current;
        // Starting takes its time, too.
        if (Date.now() - since > (ready ? hangs : 120) * 1000) {
          errors = `hangs: more than ${hangs} s`;
          child.kill("SIGKILL");
        }
      }, 1000);
      const go = () => {
        block ??= nextBlock();
        if (block) return child.send(block);
        ended = true;
        child.disconnect();
      };
      child.on("message", (message) => {
        if (message.kind === "ready") {
          ready = true;
          if (message.samples === 0) {
            ended = true;
            child.disconnect();
            reject(new Error(`There are no samples of the kind ${values.kind.join(", ")}`));
            return;
          }
          if (lost) child.send({ kind: "keep", ...lost });
          else go();
        } else if (message.kind === "kept") {
          report(lost.number, lost.what, message.folder);
          lost = undefined;
          go();
        } else if (message.kind === "failure") report(message.number, message.failure, message.folder);
        else {
          done += message.to - message.from;
          for (const [name, times] of Object.entries(message.outcomes))
            outcomes[name] = (outcomes[name] ?? 0) + times;
          for (const name of Object.keys(most)) most[name] = Math.max(most[name], message.most[name]);
          block = undefined;
          go();
        }
      });
      child.on("exit", (code, signal) => {
        clearInterval(watchdog);
        if (ended) return resolve();
        if (!ready || block === undefined || lost)
          return reject(new Error(`A worker could not start (${signal ?? code}):\n${errors}`));
        // The case that it was at is the one that ended it.
        const number = currentCase() ?? block.from;
        lost = { number, what: `the process ended (${signal ?? code}): ${errors.trim()}` };
        done += number + 1 - block.from;
        block = number + 1 < block.to ? { ...block, from: number + 1 } : undefined;
        start();
      });
    };
    start();
  });
}

try {
  await build({
    entryPoints: [join(here, "src/worker.ts")],
    outfile: bundle,
    bundle: true,
    platform: "node",
    format: "esm",
    target: "node20",
    conditions: ["@org/source"],
    // CommonJS dependencies (protobufjs) ask for require.
    banner: {
      js: 'import { createRequire as metagraphRequire } from "node:module"; const require = metagraphRequire(import.meta.url);',
    },
    logLevel: "error",
    sourcemap: "inline",
  });
  await Promise.all(Array.from({ length: wanted }, (_, id) => work(id)));
} finally {
  rmSync(folder, { recursive: true, force: true });
}

const took = (Date.now() - started) / 1000;
const mib = (bytes) => `${(bytes / 2 ** 20).toFixed(1)} MiB`;
for (const name of Object.keys(outcomes).sort())
  console.log(`${String(outcomes[name]).padStart(9)}  ${name}`);
console.log(
  `${done} inputs (seed ${seed}) in ${took.toFixed(0)} s, ${(done / took).toFixed(0)} a second; ${failures} failed. Most of one: ` +
    `a buffer of ${mib(most.largest)}, ${mib(most.total)} of buffers in all, ${most.seconds.toFixed(2)} s; ${mib(most.resident)} in a process.`,
);
process.exitCode = failures > 0 || done === 0 ? 1 : 0;
