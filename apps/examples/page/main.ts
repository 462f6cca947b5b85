// The page: files in, a model trained, files out. What it trains with lies in ../lib, as for the demo on the command line.
import * as tf from "@org/tf";
import { accuracy, batches, type Digits, digitsOf } from "../lib/digits.ts";
import { lossChart } from "./chart.ts";
import { type Model, openTraining, readModel, type Training } from "./model.ts";

const element = <T extends HTMLElement>(id: string): T => document.getElementById(id) as T;
const [files, steps, rate, threads] = ["files", "steps", "rate", "threads"].map((id) =>
  element<HTMLInputElement>(id),
) as [HTMLInputElement, HTMLInputElement, HTMLInputElement, HTMLInputElement];
const backend = element<HTMLSelectElement>("backend");
const [train, stop] = [element<HTMLButtonElement>("train"), element<HTMLButtonElement>("stop")];
const progress = element<HTMLProgressElement>("progress");
const drop = element("drop");
const chart = lossChart(element("chart"));
const batchSize = 100;
let model: Model | undefined;
let digits: Digits | undefined;
let interrupt: AbortController | undefined;

/** Threads need memory that they share, which a page has only where it is isolated. */
threads.disabled = !crossOriginIsolated;
if ("gpu" in navigator) backend.value = "gpu";

function say(text: string, isError = false): void {
  element("status").textContent = text;
  element("status").className = isError ? "error" : "";
}

const fetched = async (path: string): Promise<Blob> => {
  const response = await fetch(path);
  if (!response.ok) throw new Error(`${path}: ${response.status} ${response.statusText}`);
  return response.blob();
};

async function readDigits(): Promise<Digits> {
  const read = async (name: string) =>
    new Uint8Array(await (await fetched(`data/${name}.npy`)).arrayBuffer());
  return digitsOf(await read("x"), await read("y"));
}

/** Inputs and variables of the model, as text: names come from a stranger's file. */
function show({ def, prefix }: Model): void {
  const { tensorflowVersion, nodeCount, inputs, variables } = tf.train.describe(def);
  const table = document.createElement("table");
  const row = (cells: readonly string[], kind: "td" | "th"): void => {
    const tr = table.insertRow();
    for (const cell of cells) tr.appendChild(document.createElement(kind)).textContent = cell;
  };
  row(["", "type", "shape"], "th");
  for (const { name, dtype, shape } of [...inputs, ...variables])
    row([name, dtype ?? "?", String(shape)], "td");
  element("found").replaceChildren(table);
  say(
    `${prefix.slice(1)}: ${nodeCount} nodes, written by TensorFlow ${tensorflowVersion || "of an unknown version"}.`,
  );
}

async function take(chosen: Readonly<Record<string, Blob>>): Promise<void> {
  try {
    model = await readModel(chosen);
    show(model);
    train.disabled = false;
  } catch (error) {
    model = undefined;
    train.disabled = true;
    say(String(error instanceof Error ? error.message : error), true);
  }
}

const byName = (list: Iterable<File>): Record<string, Blob> =>
  Object.fromEntries(Array.from(list, (file) => [file.name, file]));

/** Links to the trained checkpoint and its .meta. */
async function offer({ session, saver }: Training, fs: Model["fs"]): Promise<void> {
  const prefix = await saver.save(session, "/trained/model", { globalStep: "global_step:0" });
  const links: HTMLAnchorElement[] = [];
  for (const name of await fs.list("/trained")) {
    if (!name.startsWith(prefix!.slice("/trained/".length))) continue;
    const source = await fs.open(`/trained/${name}`);
    const bytes = await source.read(0, source.size);
    await source.close();
    const link = document.createElement("a");
    link.href = URL.createObjectURL(new Blob([bytes.slice()]));
    link.download = link.textContent = name;
    links.push(link);
  }
  element("saved").replaceChildren("Saved: ", ...links.flatMap((link) => [link, " "]));
}

async function run(): Promise<void> {
  if (model === undefined) return;
  interrupt = new AbortController();
  const { signal } = interrupt;
  [train.disabled, stop.disabled] = [true, false];
  chart.clear();
  let training: Training | undefined;
  try {
    say("Loading ...");
    digits ??= await readDigits();
    const options: tf.SessionOptions =
      backend.value === "gpu"
        ? { backends: ["gpu", "cpu"] }
        : { backends: [backend.value as "cpu" | "evaluator"] };
    training = await openTraining(model, rate.valueAsNumber, {
      ...options,
      intraOpParallelismThreads: threads.valueAsNumber || 1,
    });
    const { session, loss, trainOp, logits } = training;
    const count = steps.valueAsNumber;
    const start = performance.now();
    let done = 0;
    for (const { images, labels } of batches(digits, batchSize, count)) {
      const feeds = { "images:0": images, "labels:0": labels };
      const [value] = await session.run([loss, trainOp], { feeds, signal });
      chart.add(++done, tf.toNumbers(value as tf.NdArray)[0]!);
      progress.value = done / count;
      if (done % 10 === 0) {
        say(`Step ${done} of ${count} ...`);
        // Lets the page draw and hear Stop.
        await new Promise((resolve) => setTimeout(resolve));
      }
    }
    const seconds = (performance.now() - start) / 1000;
    const right = await accuracy(session, logits, "images:0", digits);
    const { backends } = await session.stats();
    await offer(training, model.fs);
    const work = backends.map(({ name, launches }) => `${name} launched ${launches} kernels`).join(", ");
    say(
      `${done} steps in ${seconds.toFixed(1)} s: ${(right * 100).toFixed(1)} % of 500 held-back digits read right. ${work}.`,
    );
  } catch (error) {
    if (signal.aborted) say("Stopped; nothing was saved.");
    else say(String(error instanceof Error ? error.message : error), true);
  } finally {
    await training?.session.close();
    [train.disabled, stop.disabled] = [false, true];
  }
}

files.addEventListener("change", () => void take(byName(files.files ?? [])));
for (const type of ["dragover", "dragleave", "drop"] as const)
  drop.addEventListener(type, (event) => {
    event.preventDefault();
    drop.classList.toggle("over", type === "dragover");
    if (type === "drop") void take(byName(event.dataTransfer?.files ?? []));
  });
element("sample").addEventListener("click", async () => {
  try {
    const names = ["infer-0.meta", "infer-0.index", "infer-0.data-00000-of-00001"];
    const blobs = await Promise.all(names.map((name) => fetched(`data/howto/${name}`)));
    await take(Object.fromEntries(names.map((name, i) => [name, blobs[i]!])));
  } catch (error) {
    say(String(error), true);
  }
});
element("controls").addEventListener("submit", (event) => {
  event.preventDefault();
  void run();
});
stop.addEventListener("click", () => interrupt?.abort());
