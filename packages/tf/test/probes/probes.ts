// Wrong and odd calls, and what TensorFlow 1.15.5 answers to them (tensorflow-1.15.5.json: class and sentence, as measured; "<D>"
// stands for a directory). Here each gives the same code and the same sentence, but for what differences.json lists with its reason.
import { readFileSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import * as tf from "../../src/index.ts";

const read = (name: string): unknown => JSON.parse(readFileSync(new URL(name, import.meta.url), "utf8"));
/** Probe -> "Class: sentence", or "OK" and what Python printed. Sentences of 300 characters were cut there. */
export const theirAnswers = read("tensorflow-1.15.5.json") as Readonly<Record<string, string>>;
const differences = read("differences.json") as Readonly<
  Record<string, { readonly theirs: string; readonly ours: string; readonly why: string }>
>;
/** Probes that need what is not there yet, with the reason. */
export const pending = read("pending.json") as Readonly<Record<string, string>>;

/** What stands here for a class of Python's; tf.errors keep their code. */
const codes: Readonly<Record<string, readonly string[]>> = {
  ValueError: ["INVALID_ARGUMENT", "NOT_FOUND"],
  KeyError: ["NOT_FOUND", "ALREADY_EXISTS"],
  RuntimeError: ["FAILED_PRECONDITION", "NOT_FOUND"],
  AssertionError: ["NOT_FOUND", "ALREADY_EXISTS", "FAILED_PRECONDITION"],
  OSError: ["NOT_FOUND", "DATA_LOSS"],
  UnicodeDecodeError: ["DATA_LOSS"],
  DecodeError: ["DATA_LOSS"],
  // A name that is not there is NOT_FOUND here whichever way it was passed; Python's session makes a TypeError of some.
  TypeError: ["TypeError", "NOT_FOUND"],
  CancelledError: ["CANCELLED"],
  DataLossError: ["DATA_LOSS"],
  FailedPreconditionError: ["FAILED_PRECONDITION"],
  InternalError: ["INTERNAL"],
  InvalidArgumentError: ["INVALID_ARGUMENT"],
  NotFoundError: ["NOT_FOUND"],
  OutOfRangeError: ["OUT_OF_RANGE"],
};

/** In front of an error of a restore: here it is the hint. */
const restoring: Readonly<Record<string, string>> = {
  "{R1}": "a Variable name or other graph key that is missing from the checkpoint",
  "{R2}": "a mismatch between the current graph and the graph from the checkpoint",
};
const cutAt = 275;

interface Answer {
  readonly code: string;
  readonly sentence: string;
  readonly hint: string;
  readonly value: unknown;
}

async function answer(action: () => unknown): Promise<Answer> {
  try {
    return { code: "OK", sentence: "", hint: "", value: await action() };
  } catch (error) {
    if (tf.isTfError(error))
      return { code: error.code, sentence: error.sentence, hint: error.hint ?? "", value: undefined };
    if (error instanceof TypeError)
      return { code: "TypeError", sentence: error.message, hint: "", value: undefined };
    throw error;
  }
}

/** Whether our answer is theirs, code and sentence. */
function agrees(theirs: string, ours: Answer): boolean {
  if (theirs.startsWith("OK")) return ours.code === "OK";
  const colon = theirs.indexOf(":");
  let sentence = theirs.slice(colon + 1).trimStart();
  if (!(codes[theirs.slice(0, colon)] ?? []).includes(ours.code)) return false;
  for (const [mark, problem] of Object.entries(restoring))
    if (sentence.startsWith(mark)) {
      sentence = sentence.slice(mark.length);
      if (!ours.hint.includes("Restoring from checkpoint failed.") || !ours.hint.includes(problem))
        return false;
    }
  // KeyErrors print their sentence in quotes.
  sentence = sentence.replace(/^"(.*)"$/s, "$1");
  return sentence.length >= cutAt
    ? ours.sentence.startsWith(sentence)
    : ours.sentence.trimEnd() === sentence.trimEnd();
}

/** A probe: what is called; for one that ends well, what it gives. */
export type Probe = (directory: string) => unknown;
export interface GoodProbe {
  readonly run: Probe;
  readonly gives: unknown;
}

/**
 * Tests for all probes whose names begin with one of `areas`, each in a new default graph. `setUp` puts files into the directory that
 * the probes are handed.
 */
export function probes(
  areas: readonly string[],
  table: Readonly<Record<string, Probe | GoodProbe>>,
  setUp: (directory: string) => unknown = () => {},
): void {
  describe(`probes of ${areas.join(", ")}`, () => {
    let directory = "";
    beforeAll(async () => {
      directory = await mkdtemp(join(tmpdir(), "metagraph-probes-"));
      await setUp(directory);
    });
    afterAll(() => rm(directory, { recursive: true }));
    beforeEach(() => tf.resetDefaultGraph());

    test("are all there", () => {
      const wanted = Object.keys(theirAnswers).filter((name) => areas.includes(name.split(".")[0]!));
      expect([...Object.keys(table), ...wanted.filter((name) => name in pending)].sort()).toEqual(
        wanted.sort(),
      );
    });

    for (const [name, probe] of Object.entries(table))
      test(name, async () => {
        const theirs = theirAnswers[name]!;
        const [run, gives] = typeof probe === "function" ? [probe, undefined] : [probe.run, probe.gives];
        const ours = await answer(() => run(directory));
        const text = `${ours.code}${ours.sentence ? `: ${ours.sentence}` : ""}`
          .replaceAll(directory, "<D>")
          .replaceAll(/ at byte \d+/g, " at byte <N>");
        const difference = differences[name];
        const same = agrees(theirs.replaceAll("<D>", directory), ours);
        if (difference !== undefined) {
          expect({ theirs, ours: text, same }).toEqual({
            theirs: difference.theirs,
            ours: difference.ours,
            same: false,
          });
          expect(difference.why).toMatch(/\S/);
          const allowed = codes[theirs.slice(0, theirs.indexOf(":"))];
          if (allowed && ours.code !== "OK") expect(allowed).toContain(ours.code);
        } else if (!same) expect(text).toBe(theirs);
        if (ours.code === "OK") expect(ours.value).toEqual(gives);
        else expect(gives, "it was to end well").toBeUndefined();
      });
  });
}
