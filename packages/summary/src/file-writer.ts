// tf.summary.FileWriter: summaries, graphs and logs of a program as events.
// Source: python/summary/writer/writer.py. Graphs are whatever has `asGraphDef`: this package knows none.
import { TfError } from "@org/errors";
import {
  checkMessage,
  decode,
  encode,
  GraphDef,
  type IEvent,
  type IGraphDef,
  type IMetaGraphDef,
  type IRunMetadata,
  type ISessionLog,
  type ISummary,
  MetaGraphDef,
  RunMetadata,
  Summary,
} from "@org/proto";
import { EventFileWriter, type EventFileWriterOptions } from "./event-file-writer.ts";

/** A graph, as @org/graph has it, or its message. */
export type GraphLike = IGraphDef | { asGraphDef(options?: { readonly addShapes?: boolean }): IGraphDef };

export interface FileWriterOptions extends EventFileWriterOptions {
  /** Written at once, as a graph and as a MetaGraph. */
  readonly graph?: GraphLike;
  /** Makes the MetaGraph of `graph`; default: one that holds the GraphDef alone. */
  readonly exportMetaGraph?: (graph: GraphLike, graphDef: IGraphDef) => IMetaGraphDef;
  /** Hears of calls on a closed writer. Default: they are told to nobody. */
  readonly onWarning?: (message: string) => void;
}

/** A step of training; any integer. */
export type GlobalStep = number | bigint;

/**
 * Writes events into a new file in `logdir`, which TensorBoard shows. Every `add...` returns a promise that is there when the queue has room
 * (`maxQueue`); nobody has to wait for it. `flush` and `close` throw what went wrong in writing.
 */
export class FileWriter {
  readonly #writer: EventFileWriter;
  readonly #options: FileWriterOptions;
  readonly #tags = new Set<string>();
  readonly #runTags = new Set<string>();

  /** Throws TfError or TypeError as `addGraph` does. */
  constructor(logdir: string, options: FileWriterOptions = {}) {
    this.#options = options;
    this.#writer = new EventFileWriter(logdir, options);
    const { graph, exportMetaGraph = (_, graphDef) => ({ graphDef }) } = options;
    if (!graph) return;
    this.addGraph(graph);
    this.addMetaGraph(exportMetaGraph(graph, graphDefOf(graph)));
  }

  /** The directory. */
  getLogdir(): string {
    return this.#writer.logdir;
  }

  /**
   * Adds a Summary: the message, or what a summary op gave. A tag's metadata is written with its first value alone, as TensorFlow does.
   * Throws TfError DATA_LOSS for bytes that are no Summary; TypeError for what is no message.
   */
  addSummary(summary: ISummary | Uint8Array, globalStep?: GlobalStep): Promise<void> {
    if (!(summary instanceof Uint8Array))
      checkMessage(summary, "addSummary", "Summary", "{ value: [{ tag, simpleValue }] } is one");
    const message = summary instanceof Uint8Array ? decode(Summary, summary) : summary;
    const value = (message.value ?? []).map((one) => {
      if (!one.metadata) return one;
      const tag = one.tag ?? "";
      if (!this.#tags.has(tag)) {
        this.#tags.add(tag);
        return one;
      }
      return { ...one, metadata: null };
    });
    return this.#add({ summary: { ...message, value } }, globalStep);
  }

  /** Adds the log of a session: started, stopped, saved a checkpoint. */
  addSessionLog(sessionLog: ISessionLog, globalStep?: GlobalStep): Promise<void> {
    return this.#add({ sessionLog }, globalStep);
  }

  /** Adds a graph, with shapes if it is not a message already. Throws TypeError where it is neither. */
  addGraph(graph: GraphLike, globalStep?: GlobalStep): Promise<void> {
    return this.#add({ graphDef: encode(GraphDef, graphDefOf(graph)) }, globalStep);
  }

  /** Adds a MetaGraph. Throws TypeError "metaGraphDef must be type MetaGraphDef, saw type: ...". */
  addMetaGraph(metaGraphDef: IMetaGraphDef, globalStep?: GlobalStep): Promise<void> {
    if (typeof metaGraphDef !== "object" || metaGraphDef === null)
      throw new TypeError(`metaGraphDef must be type MetaGraphDef, saw type: ${typeof metaGraphDef}`);
    return this.#add({ metaGraphDef: encode(MetaGraphDef, metaGraphDef) }, globalStep);
  }

  /** Adds what a run took. Throws TfError INVALID_ARGUMENT "The provided tag was already used for this event type". */
  addRunMetadata(runMetadata: IRunMetadata, tag: string, globalStep?: GlobalStep): Promise<void> {
    if (this.#runTags.has(tag))
      throw new TfError("INVALID_ARGUMENT", "The provided tag was already used for this event type", {
        key: tag,
        hint: "Number the tags: TensorBoard shows one run a tag.",
      });
    this.#runTags.add(tag);
    return this.#add(
      { taggedRunMetadata: { tag, runMetadata: encode(RunMetadata, runMetadata) } },
      globalStep,
    );
  }

  /** Adds an event as it is, its time included. */
  addEvent(event: IEvent): Promise<void> {
    this.#warnIfClosed();
    return this.#writer.addEvent(event);
  }

  /** Writes what waits and makes it durable. Throws TfError: what went wrong in writing. */
  async flush(): Promise<void> {
    this.#warnIfClosed();
    await this.#writer.flush();
  }

  /** Flushes and closes the file. Throws as `flush` does. */
  async close(): Promise<void> {
    await this.#writer.close();
  }

  /** Opens a closed writer: what is added goes into a new file. Nothing where it is open. */
  reopen(): void {
    this.#writer.reopen();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  #add(event: IEvent, globalStep: GlobalStep | undefined): Promise<void> {
    const wallTime = (this.#options.now ?? (() => Date.now() / 1000))();
    if (typeof globalStep === "number" && !Number.isSafeInteger(globalStep))
      throw new TypeError(`A step is an integer, not ${globalStep}`);
    const step = globalStep === undefined ? {} : { step: BigInt(globalStep) };
    return this.addEvent({ wallTime, ...step, ...event });
  }

  #warnIfClosed(): void {
    if (this.#writer.closed)
      this.#options.onWarning?.(
        "Attempting to use a closed FileWriter. The operation will be a noop unless the FileWriter is explicitly reopened.",
      );
  }
}

function graphDefOf(graph: GraphLike): IGraphDef {
  if (typeof graph !== "object" || graph === null)
    throw new TypeError("The passed graph must be an instance of `Graph` or the deprecated `GraphDef`");
  return "asGraphDef" in graph ? graph.asGraphDef({ addShapes: true }) : graph;
}
