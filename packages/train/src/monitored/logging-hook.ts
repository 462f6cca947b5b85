// A hook that says what tensors hold. Source: python/training/basic_session_run_hooks.py (LoggingTensorHook) of TensorFlow 1.15.
import { TfError } from "@org/errors";
import { type Graph, isTensor, type Tensor } from "@org/graph";
import { type NdArray, toArray } from "@org/tensor";
import {
  type HookServices,
  type RunSession,
  type SessionRunArgs,
  type SessionRunContext,
  SessionRunHook,
  type SessionRunValues,
} from "./run-hook.ts";
import { SecondOrStepTimer } from "./timer.ts";

/** Tensors by what they are called; a list calls each by its name. */
export type LoggedTensors = readonly (string | Tensor)[] | Readonly<Record<string, string | Tensor>>;

export interface LoggingTensorOptions extends Pick<HookServices, "log"> {
  readonly everyNIter?: number | undefined;
  readonly everyNSecs?: number | undefined;
  /** Once more at the end; alone, only then. */
  readonly atEnd?: boolean | undefined;
  /** Makes the sentence; default: "tag = value, ...". */
  readonly formatter?: ((values: Readonly<Record<string, NdArray>>) => string) | undefined;
}

/** tf.train.LoggingTensorHook: says tensors' values every so many runs or seconds. */
export class LoggingTensorHook extends SessionRunHook {
  readonly #tensors: readonly (readonly [string, string | Tensor])[];
  readonly #options: LoggingTensorOptions;
  readonly #timer: SecondOrStepTimer | undefined;
  #current: Record<string, Tensor> = {};
  #iteration = 0;
  #triggered = false;

  /** Throws a TypeError unless `atEnd` or exactly one of `everyNIter` and `everyNSecs` is given, and where `everyNIter` is not above 0. */
  constructor(tensors: LoggedTensors, options: LoggingTensorOptions) {
    super();
    const { everyNIter, everyNSecs, atEnd } = options;
    const onlyAtEnd = Boolean(atEnd) && everyNIter === undefined && everyNSecs === undefined;
    if (!onlyAtEnd && (everyNIter === undefined) === (everyNSecs === undefined))
      throw new TypeError(
        "either at_end and/or exactly one of every_n_iter and every_n_secs must be provided.",
      );
    if (everyNIter !== undefined && everyNIter <= 0)
      throw new TypeError(`invalid every_n_iter=${everyNIter}.`);
    this.#options = options;
    this.#timer = onlyAtEnd
      ? undefined
      : new SecondOrStepTimer({ everySecs: everyNSecs, everySteps: everyNIter });
    this.#tensors = Array.isArray(tensors)
      ? (tensors as readonly (string | Tensor)[]).map((item) => [
          String(isTensor(item) ? item.name : item),
          item,
        ])
      : Object.entries(tensors as Readonly<Record<string, string | Tensor>>).sort(([a], [b]) =>
          a < b ? -1 : 1,
        );
  }

  /** Throws TfError NOT_FOUND for a name that is not there; INVALID_ARGUMENT for a tensor of another graph, an ambiguous name. */
  override begin(graph: Graph): void {
    this.#timer?.reset();
    this.#iteration = 0;
    this.#current = Object.fromEntries(this.#tensors.map(([tag, item]) => [tag, tensorIn(graph, item)]));
  }

  override beforeRun(): SessionRunArgs | undefined {
    this.#triggered = this.#timer?.shouldTriggerForStep(this.#iteration) ?? false;
    return this.#triggered ? { fetches: this.#current } : undefined;
  }

  override afterRun(_: SessionRunContext, { results }: SessionRunValues): void {
    if (this.#triggered) this.#say(results as Record<string, NdArray>);
    this.#iteration += 1;
  }

  override async end(session: RunSession): Promise<void> {
    if (this.#options.atEnd) this.#say((await session.run(this.#current)) as Record<string, NdArray>);
  }

  #say(values: Readonly<Record<string, NdArray>>): void {
    const elapsed = this.#timer?.updateLastTriggeredStep(this.#iteration)?.elapsedSecs;
    const { formatter, log } = this.#options;
    const shown = (value: NdArray): string => {
      const nested = toArray(value);
      return typeof nested === "object" ? JSON.stringify(nested) : String(nested);
    };
    const text = this.#tensors.map(([tag]) => `${tag} = ${shown(values[tag]!)}`).join(", ");
    const time = elapsed === undefined ? "" : ` (${elapsed.toFixed(3)} sec)`;
    log?.(formatter ? formatter(values) : `${text}${time}`);
  }
}

function tensorIn(graph: Graph, item: string | Tensor): Tensor {
  if (typeof item !== "string") {
    if (item.graph !== graph)
      throw new TfError(
        "INVALID_ARGUMENT",
        `Passed ${item} should have graph attribute that is equal to current graph.`,
      );
    return item;
  }
  if (item.includes(":")) return graph.asGraphElement(item, { allowOperation: false }) as Tensor;
  const tensor = graph.asGraphElement(`${item}:0`, { allowOperation: false }) as Tensor;
  if (tensor.op.outputs.length > 1)
    throw new TfError(
      "INVALID_ARGUMENT",
      `Name ${item} is ambiguous, as this \`Operation\` has multiple outputs (at least 2).`,
    );
  return tensor;
}
