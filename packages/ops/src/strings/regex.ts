// Regular expressions of RE2, which matches in linear time whatever the pattern: a stranger's graph cannot hang a run with one.
// The engine is re2js, loaded when a graph first matches; bytes are matched as they are (UTF-8), nothing is decoded.
// Not the ops: see regex-ops.ts. Source: re2's Rewrite, GlobalReplace and parse errors (re2/re2.cc, re2/parse.cc).
import type { HostContext } from "../op-entry.ts";

type Engine = typeof import("re2js");
type Pattern = import("re2js").RE2JS;

let engine: Engine | undefined;

/** Calls `body` with the engine: at once where it has been loaded. */
function withEngine<R>(body: (engine: Engine) => R): R | Promise<R> {
  if (engine) return body(engine);
  return import("re2js").then((loaded) => {
    engine = loaded;
    return body(loaded);
  });
}

/** How RE2 says what re2js (the words of Go) says. */
const sentences: Readonly<Record<string, string>> = {
  "missing closing )": "missing )",
  "unexpected )": "missing )",
  "missing closing ]": "missing ]",
  "missing argument to repetition operator": "no argument for repetition operator",
  "invalid nested repetition operator": "bad repetition operator",
  "invalid or unsupported Perl syntax": "invalid perl operator",
  "invalid named capture": "invalid named capture group",
  "invalid repeat count": "invalid repetition size",
};

/** RE2's sentence for what is wrong with a pattern. */
function reason(error: { readonly error?: unknown; readonly input?: unknown }): string {
  const said = String(error.error ?? "");
  if (said.startsWith("trailing backslash")) return "trailing \\";
  const where = typeof error.input === "string" ? error.input : "";
  // A lookbehind, which re2js takes for the beginning of a name.
  if (/^\(\?<[=!]/.test(where)) return `invalid perl operator: ${where.slice(0, 3)}`;
  return `${sentences[said] ?? said}: ${where}`;
}

const decoder = new TextDecoder("utf-8", { fatal: true });

/** The text of valid UTF-8, else undefined. */
function decoded(bytes: Uint8Array): string | undefined {
  try {
    return decoder.decode(bytes);
  } catch {
    return undefined;
  }
}

/**
 * Calls `body` with the compiled pattern. Fails with INVALID_ARGUMENT "Invalid pattern: a(b, error: missing ): a(b" where it is none of RE2's.
 * `\C` (any byte) is refused: re2js has it not.
 */
export function withPattern<R>(
  c: HostContext,
  pattern: Uint8Array,
  body: (pattern: Pattern) => R,
): R | Promise<R> {
  return withEngine(({ RE2JS, RE2JSException }) => {
    const text = decoded(pattern);
    if (text === undefined) return c.fail("INVALID_ARGUMENT", "Invalid pattern, error: invalid UTF-8");
    let compiled: Pattern;
    try {
      compiled = RE2JS.compile(text);
    } catch (error) {
      if (!(error instanceof RE2JSException)) throw error;
      return c.fail(
        "INVALID_ARGUMENT",
        `Invalid pattern: ${text}, error: ${reason(error as { error?: unknown })}`,
        "Patterns are RE2's: no lookaround, no references to groups within the pattern.",
      );
    }
    return body(compiled);
  });
}

/** Whether the whole of `text` matches. Bytes that are no UTF-8 match nothing. */
export function fullMatch(pattern: Pattern, text: Uint8Array): boolean {
  return decoded(text) !== undefined && pattern.matcher(text).matches();
}

const backslash = 0x5c;

/** Appends the rewrite of one match: \0 to \9 are groups (nothing where there is none), \\ is a backslash; it ends at what is neither. */
function appendRewrite(
  out: number[],
  rewrite: Uint8Array,
  groups: readonly (Uint8Array | undefined)[],
): boolean {
  for (let i = 0; i < rewrite.length; i++) {
    const byte = rewrite[i]!;
    if (byte !== backslash) {
      out.push(byte);
      continue;
    }
    const next = rewrite[++i];
    if (next === backslash) out.push(next);
    else if (next !== undefined && next >= 0x30 && next <= 0x39) {
      for (const b of groups[next - 0x30] ?? []) out.push(b);
    } else return false;
  }
  return true;
}

/**
 * `text` with its first match, or all of them, replaced. An empty match right behind another match does not count, as in RE2.
 * Bytes that are no UTF-8 count as one character each; RE2 would match none of them.
 */
export function replaced(pattern: Pattern, text: Uint8Array, rewrite: Uint8Array, all: boolean): Uint8Array {
  const matcher = pattern.matcher(text);
  const out: number[] = [];
  let [done, matched] = [0, false];
  while (matcher.find()) {
    const [start, end] = [matcher.start(), matcher.end()];
    if (matched && start === end && start === done) continue;
    for (let i = done; i < start; i++) out.push(text[i]!);
    const groups = Array.from({ length: matcher.groupCount() + 1 }, (_, g) => {
      const at = matcher.start(g);
      return at < 0 ? undefined : text.subarray(at, matcher.end(g));
    });
    const whole = appendRewrite(out, rewrite, groups);
    // A single replacement that cannot be made leaves the text alone.
    if (!all && !whole) return text;
    done = end;
    matched = true;
    if (!all) break;
  }
  if (!matched) return text;
  for (let i = done; i < text.length; i++) out.push(text[i]!);
  return Uint8Array.from(out);
}
