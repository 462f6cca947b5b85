// Whether every op is held against a real TensorFlow: by cases recorded from 1.15.5 (of this package and of @org/tf, which has graphs with state), or
// by the test that the table names. An op that is neither fails here, and so does a row for an op that is recorded.
import { readdirSync, readFileSync } from "node:fs";
import { decode, GraphDef } from "@org/proto";
import { describe, expect, it } from "vitest";
import { standardOps } from "../src/index.ts";

const own = new URL("fixtures/", import.meta.url);
const ofTf = new URL("../../tf/test/fixtures/", import.meta.url);

const jsonFiles = (folder: URL): URL[] =>
  readdirSync(folder)
    .filter((name) => name.endsWith(".json"))
    .map((name) => new URL(name, folder));

const read = (file: URL): readonly Record<string, unknown>[] => {
  const content: unknown = JSON.parse(readFileSync(file, "utf8"));
  return Array.isArray(content) ? content : [];
};

/** Ops of a graph that was recorded, the bodies of its functions among them. */
function opsOfGraph(graph: string): string[] {
  // Text has spaces; base64 has none.
  if (graph.includes(" ")) return [...graph.matchAll(/\bop: "(\w+)"/g)].map(([, op]) => op!);
  const def = decode(
    GraphDef,
    Uint8Array.from(atob(graph), (char) => char.charCodeAt(0)),
  );
  return [...def.node, ...(def.library?.function ?? []).flatMap(({ nodeDef }) => nodeDef)].map(
    ({ op }) => op,
  );
}

/** Ops with a test of their own that holds recorded cases: tf/test/ops. */
function opsOfTests(): string[] {
  const folder = new URL("../../tf/test/ops/", import.meta.url);
  return readdirSync(folder)
    .filter((name) => name.endsWith(".test.ts"))
    .map((name) => readFileSync(new URL(name, folder), "utf8"))
    .filter((text) => /^const recorded: readonly Recorded\[\] = \[\s*\{/m.test(text))
    .flatMap((text) => [...text.matchAll(/\bdescribeOp\(\{\s*op: "(\w+)"/g)].map(([, op]) => op!));
}

function recorded(): Set<string> {
  const ops = new Set<string>(opsOfTests());
  for (const file of jsonFiles(own)) for (const { op } of read(file)) if (typeof op === "string") ops.add(op);
  // training.test.ts runs each recorded step of a reference variable on a resource variable, too.
  for (const { op } of read(new URL("training.json", own))) ops.add(`Resource${op}`);
  for (const file of [...jsonFiles(ofTf), ...jsonFiles(new URL("programs/", ofTf))])
    for (const { graph } of read(file))
      if (typeof graph === "string") for (const op of opsOfGraph(graph)) ops.add(op);
  return ops;
}

/** Why an op has no recorded case; where there is one, the test that shows what it does, and a word of it that is of the op. */
const shownElsewhere: Readonly<Record<string, { reason: string; test?: string; word?: string }>> = {
  Abort: { reason: "ends TensorFlow's process; has no kernel here" },
  AccumulateNV2: {
    reason: "has no kernel in 1.15, whose placement turns it into other ops",
    test: "ops/test/gradient-checks/elements.ts",
    word: "accumulateN",
  },
  BatchNormWithGlobalNormalization: {
    reason: "removed from GraphDefs of version 9",
    test: "graph-util/test/upstream/optimize-for-inference.test.ts",
    word: "BatchNormWithGlobalNormalization",
  },
  BatchNormWithGlobalNormalizationGrad: { reason: "removed from GraphDefs of version 9; not recorded yet" },
  EncodePng: {
    reason: "the bytes hang on who compresses: what is written is read again",
    test: "ops/test/image-files.test.ts",
    word: "encodePng",
  },
  FixedLengthRecordDataset: {
    reason: "1.15 builds the second version, which is recorded; both have one kernel here",
    test: "tf/test/data.test.ts",
    word: "FixedLengthRecordDataset",
  },
  FixedLengthRecordReader: {
    reason: "1.15's kernel looks for an attribute that the op has not; V2 is recorded",
    test: "tf/test/readers.test.ts",
    word: "FixedLengthRecordReader",
  },
  ImageSummary: {
    reason: "recorded by pixels (fixtures/image-summary.json)",
    test: "ops/test/image-summary.test.ts",
    word: "summary.image",
  },
  MutableDenseHashTable: {
    reason:
      "1.15's kernel asks for an input that the op has not; V2 is recorded, and has the same table here",
    test: "tf/test/recorded-programs.test.ts",
  },
  OneShotIterator: {
    reason: "its graphs are golden files, node for node",
    test: "tf/test/upstream/iterator-ops.test.ts",
    word: "OneShotIterator",
  },
  PaddedBatchDataset: {
    reason: "1.15 builds the second version, which is recorded; both have one kernel here",
    test: "tf/test/data.test.ts",
    word: "paddedBatch",
  },
  ParseExampleV2: {
    reason: "an op of TensorFlow 2; ParseExample, which is recorded, has the same kernel here",
  },
  RandomPoisson: { reason: "1.15 builds the second version, which is recorded; both have one kernel here" },
  RefSelect: { reason: "no kernel here: which variable flows on would hang on the run" },
  StatelessCase: { reason: "an op of TensorFlow 2; Case, which is recorded, unfolds to the same" },
  TensorStridedSliceUpdate: { reason: "an op of TensorFlow 2; StridedSliceAssign is recorded" },
  ToBool: {
    reason: "what conditionals of other types than bool unfold to: recorded with them",
    test: "tf/test/recorded-programs.test.ts",
  },
};

const names = standardOps.names();
const seen = recorded();
const rest = names.filter((name) => !seen.has(name));

describe("every op", () => {
  it("is recorded from TensorFlow, or has a reason", () => {
    console.log(
      `${names.length} ops: ${names.length - rest.length} recorded, ${rest.length} shown otherwise`,
    );
    expect(rest.filter((name) => !(name in shownElsewhere))).toEqual([]);
  });

  it("has no reason that is no longer needed", () => {
    expect(Object.keys(shownElsewhere).filter((name) => !rest.includes(name))).toEqual([]);
  });

  it("names tests that are there", () => {
    for (const [name, { test, word = "" }] of Object.entries(shownElsewhere)) {
      if (test === undefined) continue;
      const source = readFileSync(new URL(`../../${test}`, import.meta.url), "utf8");
      expect(source, `${name}: ${test}`).toContain(word);
    }
  });
});
