// Where in the program ops were made: stack traces, kept only by graphs that were told to. A trace costs tens of microseconds, so
// that nobody pays who does not ask. Source: python/framework/ops.py (Operation.traceback).

/** A line of a stack trace. */
export interface StackFrame {
  /** Path, or URL of a script that is no file. */
  readonly file: string;
  readonly line: number;
  readonly column: number;
  /** "" at the top of a script. */
  readonly func: string;
}

/** What holds a stack until somebody reads it: engines print it only then. */
interface Captured {
  readonly stack?: string;
}
/** What V8's Error has. */
interface ErrorEngine {
  stackTraceLimit: number | undefined;
  captureStackTrace?(target: object, below: (...args: never[]) => unknown): void;
}
/** Deeper than builders of ops nest within each other. */
const depth = 50;

/** The stack below the function `below`, where the engine lets it be cut; else the whole. */
function capture(below: (...args: never[]) => unknown): Captured {
  const engine = Error as unknown as ErrorEngine;
  if (!engine.captureStackTrace) return new Error();
  const limit = engine.stackTraceLimit;
  engine.stackTraceLimit = depth;
  try {
    const holder: Captured = {};
    engine.captureStackTrace(holder, below);
    return holder;
  } finally {
    engine.stackTraceLimit = limit;
  }
}

// "    at f (file:1:2)", "    at async file:1:2" (V8); "f@file:1:2" (Firefox, Safari).
const v8Frame = /^\s*at (?:(.*?) \()?(?:async )?(.+?):(\d+):(\d+)\)?$/;
const otherFrame = /^(.*?)@(.+?):(\d+):(\d+)$/;

function pathOf(location: string): string {
  return location.startsWith("file://") ? decodeURIComponent(new URL(location).pathname) : location;
}

/** The frames of a printed stack, oldest call first as TensorFlow lists them; lines without a place are left out. */
function parseStack(stack: string): StackFrame[] {
  const frames: StackFrame[] = [];
  for (const text of stack.split("\n")) {
    const found = v8Frame.exec(text) ?? otherFrame.exec(text);
    if (!found) continue;
    const [, func = "", location, line, column] = found;
    frames.push({
      file: pathOf(location!),
      line: Number(line),
      column: Number(column),
      func: func.replace(/^(async|new) /, ""),
    });
  }
  return frames.reverse();
}

/** Traces of a graph's ops, by id: of one op, or one of all that an import made. */
export class TraceRecorder {
  private readonly traces: { readonly first: number; last: number; readonly at: Captured }[] = [];

  /** Notes that the ops `first` to `last` were made by a call of `below`. */
  record(first: number, last: number, below: (...args: never[]) => unknown): void {
    if (first <= last) this.traces.push({ first, last, at: capture(below) });
  }

  /** The stack at which op `id` was made, oldest call first; undefined where it is not known. */
  of(id: number): readonly StackFrame[] | undefined {
    // Ids grow with the list.
    let low = 0;
    let high = this.traces.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.traces[middle]!.last < id) low = middle + 1;
      else high = middle;
    }
    const found = this.traces[low];
    return found && found.first <= id ? parseStack(found.at.stack ?? "") : undefined;
  }

  /** Forgets the ops after the first `count`. */
  truncate(count: number): void {
    while ((this.traces.at(-1)?.first ?? 0) > count) this.traces.pop();
    const last = this.traces.at(-1);
    if (last) last.last = Math.min(last.last, count);
  }
}
