// Events of the Chrome Trace Format, which chrome://tracing and Perfetto show. Times are microseconds.
// Source: python/client/timeline.py (_ChromeTraceFormatter); the format: catapult's "Trace Event Format".

/** One event; which fields there are depends on `ph`. */
export interface ChromeTraceEvent {
  /** M: metadata, X: a region, N, D, O: an object is made, deleted, looked at, s, t: an arrow begins, ends, C: a counter. */
  readonly ph: "M" | "X" | "N" | "D" | "O" | "s" | "t" | "C";
  readonly name: string;
  readonly cat?: string;
  readonly pid: number;
  readonly tid?: number;
  readonly ts?: number;
  readonly dur?: number;
  readonly id?: number;
  readonly args?: Readonly<Record<string, unknown>>;
}

/** Where and when an event is. */
export interface EventPlace {
  readonly pid: number;
  readonly tid: number;
  readonly ts: number;
}

/** A trace that events are added to. */
export class ChromeTrace {
  readonly #metadata: ChromeTraceEvent[] = [];
  readonly #events: ChromeTraceEvent[] = [];

  /** Names a process (here: a device, or its tensors). */
  process(name: string, pid: number): void {
    this.#metadata.push({ name: "process_name", ph: "M", pid, args: { name } });
  }

  region(at: EventPlace, dur: number, cat: string, name: string, args: ChromeTraceEvent["args"] & {}): void {
    this.#events.push({ ...event("X", cat, name, at), dur, args });
  }

  objectCreated(cat: string, name: string, at: EventPlace, id: number): void {
    this.#events.push({ ...event("N", cat, name, at), id });
  }

  objectDeleted(cat: string, name: string, at: EventPlace, id: number): void {
    this.#events.push({ ...event("D", cat, name, at), id });
  }

  objectSnapshot(cat: string, name: string, at: EventPlace, id: number, snapshot: unknown): void {
    this.#events.push({ ...event("O", cat, name, at), id, args: { snapshot } });
  }

  /** An arrow from one place to another. */
  flow(name: string, from: EventPlace, to: EventPlace, id: number): void {
    this.#events.push({ ...event("s", "DataFlow", name, from), id });
    this.#events.push({ ...event("t", "DataFlow", name, to), id });
  }

  counter(cat: string, name: string, at: EventPlace, value: number): void {
    this.#events.push({ ...event("C", cat, name, at), args: { [name]: value } });
  }

  /** Everything so far, metadata first. */
  get traceEvents(): readonly ChromeTraceEvent[] {
    return [...this.#metadata, ...this.#events];
  }

  /** The trace as JSON; `pretty`: indented by four. */
  formatToString(pretty = false): string {
    return JSON.stringify({ traceEvents: this.traceEvents }, null, pretty ? 4 : undefined);
  }
}

function event(
  ph: ChromeTraceEvent["ph"],
  cat: string,
  name: string,
  { pid, tid, ts }: EventPlace,
): ChromeTraceEvent {
  return { ph, cat, name, pid, tid, ts };
}
