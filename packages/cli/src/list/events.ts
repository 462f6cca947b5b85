// Events as rows for people and as plain data for programs.
import { decode, type Event, GraphDef, MetaGraphDef, SessionLog, type Summary } from "@org/proto";
import { readEvents, type SummaryIteratorOptions } from "@org/summary";
import type { Terminal } from "../terminal.ts";

export interface EventRow {
  readonly step: bigint;
  readonly wallTime: number;
  /** "summary", "graphDef", ...; "nothing" for an event that is only a step. */
  readonly what: string;
  readonly values?: readonly ValueRow[];
  /** Nodes of a graph. */
  readonly nodes?: number;
  readonly detail?: string;
}

export interface ValueRow {
  readonly tag: string;
  readonly kind: "scalar" | "histogram" | "image" | "audio" | "tensor" | "nothing";
  /** Of a scalar. */
  readonly value?: number;
}

/** The events of a file that may still be written: a last one that is cut off is left out, unless `reading` has it otherwise. Throws TfError as `readEvents`. */
export async function* eventRows(
  path: string,
  terminal: Terminal,
  reading: Pick<SummaryIteratorOptions, "tornTail" | "onCorrupted"> = { tornTail: "stop" },
): AsyncGenerator<EventRow, void, undefined> {
  const signal = terminal.signal ? { signal: terminal.signal } : {};
  for await (const { event } of readEvents(path, { ...signal, ...reading })) yield rowOf(event);
}

function rowOf(event: Event): EventRow {
  const { step, wallTime, what = "nothing" } = event;
  const row = { step, wallTime, what };
  switch (what) {
    case "summary":
      return { ...row, values: event.summary!.value.map(valueRow) };
    case "graphDef":
      return { ...row, nodes: decode(GraphDef, event.graphDef!).node.length };
    case "metaGraphDef":
      return { ...row, nodes: decode(MetaGraphDef, event.metaGraphDef!).graphDef?.node.length ?? 0 };
    case "fileVersion":
      return { ...row, detail: event.fileVersion! };
    case "logMessage":
      return { ...row, detail: event.logMessage!.message };
    case "taggedRunMetadata":
      return { ...row, detail: event.taggedRunMetadata!.tag };
    case "sessionLog":
      return { ...row, detail: sessionLog(event.sessionLog!) };
    default:
      return row;
  }
}

const statusNames = new Map<number, string>(
  Object.entries(SessionLog.SessionStatus).map(([name, number]) => [number, name]),
);

const sessionLog = ({ status, checkpointPath, msg }: SessionLog): string =>
  [statusNames.get(status) ?? status, checkpointPath, msg].filter((part) => part !== "").join(" ");

/** What a value of a summary is. A scalar may be a tensor of one number, as TensorFlow 2 writes it. */
export function valueRow(value: Summary.Value): ValueRow {
  const { tag } = value;
  switch (value.value) {
    case "simpleValue":
      return { tag, kind: "scalar", value: value.simpleValue! };
    case "tensor": {
      const scalar = scalarOf(value);
      return scalar === undefined ? { tag, kind: "tensor" } : { tag, kind: "scalar", value: scalar };
    }
    case "histo":
    case "obsoleteOldStyleHistogram":
      return { tag, kind: "histogram" };
    case "image":
      return { tag, kind: "image" };
    case "audio":
      return { tag, kind: "audio" };
    default:
      return { tag, kind: "nothing" };
  }
}

function scalarOf({ tensor }: Summary.Value): number | undefined {
  if (!tensor || (tensor.tensorShape?.dim.length ?? 0) > 0 || tensor.dtype !== 1) return undefined;
  const { tensorContent: bytes, floatVal } = tensor;
  if (bytes.length === 4) return new DataView(bytes.buffer, bytes.byteOffset).getFloat32(0, true);
  return floatVal[0];
}

/** A row of the table: step, time, kind, and what there is to say. */
export function eventCells(row: EventRow): string[] {
  const time = row.wallTime === 0 ? "" : isoTime(row.wallTime);
  return [String(row.step), time, row.what, detailOf(row)];
}

function isoTime(seconds: number): string {
  const date = new Date(seconds * 1000);
  return Number.isNaN(date.getTime()) ? String(seconds) : date.toISOString();
}

function detailOf({ values, nodes, detail }: EventRow): string {
  if (nodes !== undefined) return `${nodes} nodes`;
  if (!values) return detail ?? "";
  return values
    .map(
      ({ tag, kind, value }) =>
        `${tag}${kind === "scalar" ? `=${Number(value!.toPrecision(8))}` : ` (${kind})`}`,
    )
    .join(", ");
}
