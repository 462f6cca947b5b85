// Checks a file of any kind: everything in it is read, every checksum compared; each problem is listed, as far as reading can go on.
import {
  defaultFileSystem,
  fileError,
  joinPath,
  type Progress,
  type ReadRecordsOptions,
  readFile,
} from "@org/io";
import { assetPath, savedAssets } from "@org/saved-model";
import { readNpy } from "@org/tensor";
import { checkpointBeside, type GraphFile, readGraphFile } from "../files/graph-file.ts";
import type { Identified } from "../files/identify.ts";
import { eventRows } from "../list/events.ts";
import { recordRows } from "../list/records.ts";
import { openTensors } from "../tensors/open-tensors.ts";
import { byteSize } from "../tensors/tensor-file.ts";
import type { Terminal } from "../terminal.ts";
import { graphProblems } from "./graph.ts";
import { type Problem, problemOf, type Report } from "./problem.ts";

type OnProgress = ((progress: Progress) => void) | undefined;
type Check = (found: Identified, terminal: Terminal, onProgress: OnProgress) => Promise<Report>;

/** What is wrong with the file. Throws what is not the file's fault: it is missing, Ctrl-C. */
export async function validate(
  found: Identified,
  terminal: Terminal,
  onProgress?: OnProgress,
): Promise<Report> {
  return checks[found.kind](found, terminal, onProgress);
}

const checkTensors: Check = async (found, terminal, onProgress) => {
  const problems: Problem[] = [];
  await using source = await openTensors(found, terminal.signal);
  const total = source.entries.reduce((sum, entry) => sum + byteSize(entry), 0);
  let loaded = 0;
  for (const entry of source.entries) {
    try {
      await source.get(entry.name, { signal: terminal.signal });
    } catch (error) {
      problems.push(problemOf(error, found.path, entry.name));
    }
    loaded += byteSize(entry);
    onProgress?.({ loaded, total, name: entry.name });
  }
  return { checked: `${source.format}: ${source.entries.length} tensors, ${total} bytes`, problems };
};

const checkGraph: Check = async (found, terminal) => {
  const graph = await readGraphFile(found, terminal, { anyMetaGraph: true });
  return {
    checked: sentenceOf(graph),
    problems: metaGraphsOf(graph).flatMap(([part, def]) => graphProblems(def, found.path, part)),
  };
};

const nodeCount = (def: GraphFile["def"]): number => def.graphDef?.node.length ?? 0;

const sentenceOf = (graph: GraphFile): string =>
  `${graph.type}: ${metaGraphsOf(graph)
    .map(([part, def]) => `${nodeCount(def)} nodes${part === undefined ? "" : ` [${part}]`}`)
    .join(", ")}`;

function metaGraphsOf(graph: GraphFile): [string | undefined, GraphFile["def"]][] {
  if (graph.type !== "SavedModel") return [[undefined, graph.def]];
  return graph.message.metaGraphs.map((def) => [(def.metaInfoDef?.tags ?? []).join(", "), def]);
}

/** The message, the variables, the assets. */
const checkSavedModel: Check = async (found, terminal, onProgress) => {
  const graph = await readGraphFile(found, terminal, { anyMetaGraph: true });
  const problems = [...(await checkGraph(found, terminal, onProgress)).problems];
  const checked = [sentenceOf(graph)];
  const fs = await defaultFileSystem();
  const variables = checkpointBeside(found)!;
  if (await fs.stat(joinPath(found.path, "variables")))
    try {
      const report = await checkTensors({ kind: "checkpoint", path: variables }, terminal, onProgress);
      checked.push(report.checked);
      problems.push(...report.problems);
    } catch (error) {
      problems.push(problemOf(error, found.path, "variables"));
    }
  for (const [, def] of metaGraphsOf(graph))
    for (const { filename } of savedAssets(def)) {
      try {
        const path = assetPath(found.path, filename);
        if (!(await fs.stat(path))) throw fileError("ENOENT", path);
      } catch (error) {
        problems.push(problemOf(error, found.path, `asset ${filename}`));
      }
    }
  return { checked: checked.join("; "), problems };
};

type OnCorrupted = NonNullable<ReadRecordsOptions["onCorrupted"]>;

/** Reads rows to the end, or to a record whose length does not hold: what is behind it cannot be found. */
async function countRows(
  open: (onCorrupted: OnCorrupted) => AsyncIterable<unknown>,
  path: string,
  what: string,
): Promise<Report> {
  const problems: Problem[] = [];
  const rows = open(({ offset }) =>
    problems.push({
      file: path,
      place: `byte ${offset}`,
      message: `corrupted record at ${offset}`,
      severity: "error",
    }),
  );
  let count = 0;
  let end = "";
  try {
    for await (const _ of rows) count++;
  } catch (error) {
    problems.push(problemOf(error, path));
    end = ", and then no more";
  }
  return { checked: `${count} ${what}${end}`, problems };
}

const checks: Readonly<Record<Identified["kind"], Check>> = {
  graph: checkGraph,
  "saved-model": checkSavedModel,
  checkpoint: checkTensors,
  npz: checkTensors,
  safetensors: checkTensors,
  npy: async ({ path }) => {
    const { dtype, shape } = readNpy(await readFile(await defaultFileSystem(), path));
    return { checked: `.npy file: ${dtype} [${shape}]`, problems: [] };
  },
  events: ({ path }, terminal) =>
    countRows((onCorrupted) => eventRows(path, terminal, { tornTail: "error", onCorrupted }), path, "events"),
  records: (found, terminal, onProgress) =>
    countRows(
      (onCorrupted) => recordRows(found, terminal, { onCorrupted, ...(onProgress ? { onProgress } : {}) }),
      found.path,
      "records",
    ),
};
