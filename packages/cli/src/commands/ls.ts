// `metagraph ls FILE`: what is in a file, line by line: the tensors of a checkpoint as TensorFlow's inspect_checkpoint prints them, of .npz and
// .safetensors files; the nodes of a graph; events; records.

import { defaultFileSystem, readFile } from "@org/io";
import { dtypes, formatNdArray, readNpy, sizeOf } from "@org/tensor";
import { type Command, Option } from "commander";
import { checkpointBeside, readGraphFile } from "../files/graph-file.ts";
import { type Identified, identify } from "../files/identify.ts";
import { toJson } from "../json.ts";
import { eventCells, eventRows } from "../list/events.ts";
import { recordCells, recordRows } from "../list/records.ts";
import { dataTypeName } from "../list/signatures.ts";
import { withProgress } from "../progress.ts";
import { table } from "../table.ts";
import { holdsTensors, openTensors } from "../tensors/open-tensors.ts";
import type { TensorEntry, TensorSource } from "../tensors/tensor-file.ts";
import type { Terminal } from "../terminal.ts";
import { regularExpression } from "./options.ts";

interface LsFlags {
  readonly json?: boolean;
  readonly long?: boolean;
  readonly quiet?: boolean;
  readonly tensorName?: string;
  readonly allTensors?: boolean;
  readonly allTensorNames?: boolean;
  readonly countExcludePattern?: RegExp;
}

/** Adds the command to the program. */
export function addLs(program: Command, terminal: Terminal): void {
  program
    .command("ls")
    .description(
      "List what is in a file: the tensors of a checkpoint (as inspect_checkpoint does), a SavedModel, a .npz or .safetensors file; the nodes of a graph; events; records.",
    )
    .argument(
      "<file>",
      "prefix of a V2 checkpoint (model-10000), a V1 file or pattern, a directory, or any other file",
    )
    .option("-l, --long", "tensors in aligned columns: name, type, shape, elements, bytes")
    .option("--all-tensors", "print every tensor's values, too")
    .option("--all-tensor-names", "names alone")
    .option("--tensor-name <name>", "print this tensor alone")
    .addOption(
      new Option(
        "--count-exclude-pattern <regexp>",
        "leave tensors out of the sum, say an optimizer's",
      ).argParser(regularExpression),
    )
    .option("--json", "one JSON document")
    .option("-q, --quiet", "print nothing; the exit status says whether the file opens")
    .addHelpText(
      "after",
      "\nExamples:\n  metagraph ls model-10000 --long\n  metagraph ls model-10000 --tensor-name hidden1/weights\n  metagraph ls events.out.tfevents.1700000000.host\n  metagraph ls train.tfrecord",
    )
    .action(async (path: string, flags: LsFlags) => {
      const found = await identify(path);
      if (found.kind === "events") return listEvents(found, flags, terminal);
      if (found.kind === "records") return listRecords(found, flags, terminal);
      if (found.kind === "npy") return listArray(found, flags, terminal);
      if (found.kind === "graph") return listNodes(found, flags, terminal);
      const holder = holdsTensors(found)
        ? found
        : ({ kind: "checkpoint", path: checkpointBeside(found)! } as const);
      await using source = await openTensors(holder, terminal.signal);
      await listTensors(source, flags, terminal);
    });
}

async function listTensors(source: TensorSource, flags: LsFlags, terminal: Terminal): Promise<void> {
  const { path, format } = source;
  const entries = [...source.entries].sort((a, b) => (a.name < b.name ? -1 : 1));
  const counted = entries.filter(({ name }) => !flags.countExcludePattern?.test(name));
  const params = sum(counted);
  const read = (name: string) => source.get(name, { signal: terminal.signal });
  if (flags.quiet) return;
  if (flags.json) {
    const version = /^V\d/.exec(format)?.[0];
    terminal.out(
      toJson({
        [version ? "checkpoint" : "file"]: path,
        ...(version ? { version } : {}),
        tensors: entries,
        params,
      }),
    );
    return;
  }
  const lines: string[] = [];
  if (flags.tensorName !== undefined)
    lines.push(`tensor_name:  ${flags.tensorName}`, formatNdArray(await read(flags.tensorName)));
  else if (flags.allTensors || flags.allTensorNames)
    for (const { name } of entries) {
      lines.push(`tensor_name:  ${name}`);
      if (flags.allTensors) lines.push(formatNdArray(await read(name)));
    }
  else if (flags.long) lines.push(table(entries.map(longRow), ""), "");
  // inspect_checkpoint has an empty line before the sum, too.
  else
    lines.push(...entries.map(({ name, dtype, shape }) => `${name} (${dataTypeName(dtype)}) [${shape}]`), "");
  const excluded = entries.length - counted.length;
  if (flags.countExcludePattern)
    lines.push(
      `# Excluding ${excluded} tensors (${sum(entries) - params} params) that match ${flags.countExcludePattern.source} when counting.`,
    );
  if (entries.length === 0 && lines[0] === "" && lines.length > 1) lines.shift();
  terminal.out([...lines, `# Total number of params: ${params}`].join("\n"));
}

const sum = (entries: readonly TensorEntry[]): number =>
  entries.reduce((total, { shape }) => total + sizeOf(shape), 0);

function longRow({ name, dtype, shape }: TensorEntry): (string | number)[] {
  const size = sizeOf(shape);
  const { bytes } = dtypes[dtype];
  return [name, dtype, `[${shape.join(",")}]`, size, bytes > 0 ? size * bytes : "-"];
}

async function listArray(found: Identified, flags: LsFlags, terminal: Terminal): Promise<void> {
  const value = readNpy(await readFile(await defaultFileSystem(), found.path));
  const { dtype, shape } = value;
  if (flags.quiet) return;
  if (flags.json) terminal.out(toJson({ file: found.path, dtype, shape }));
  else terminal.out(`${dtype} [${shape}]${flags.allTensors ? `\n${formatNdArray(value)}` : ""}`);
}

async function listNodes(found: Identified, flags: LsFlags, terminal: Terminal): Promise<void> {
  const { def } = await readGraphFile(found, terminal);
  const nodes = (def.graphDef?.node ?? []).map(({ name, op, input, device }) => ({
    name,
    op,
    input,
    device,
  }));
  if (flags.quiet) return;
  if (flags.json) terminal.out(toJson({ file: found.path, nodes }));
  else if (nodes.length > 0) terminal.out(nodeTable(nodes));
}

/** Name, op, inputs, in columns. */
export const nodeTable = (
  nodes: readonly { readonly name: string; readonly op: string; readonly input: readonly string[] }[],
): string =>
  table(
    nodes.map(({ name, op, input }) => [name, op, input.join(" ")]),
    "",
  );

async function listEvents(found: Identified, flags: LsFlags, terminal: Terminal): Promise<void> {
  const rows = [];
  for await (const row of eventRows(found.path, terminal)) rows.push(row);
  if (flags.quiet) return;
  if (flags.json) terminal.out(toJson({ file: found.path, events: rows }));
  else if (rows.length > 0) terminal.out(table(rows.map(eventCells), ""));
}

async function listRecords(found: Identified, flags: LsFlags, terminal: Terminal): Promise<void> {
  const { path, compression = "" } = found;
  const rows = await withProgress(path, terminal, flags, async (onProgress) => {
    const all = [];
    for await (const { data: _, ...row } of recordRows(found, terminal, onProgress ? { onProgress } : {}))
      all.push(row);
    return all;
  });
  if (flags.quiet) return;
  if (flags.json) terminal.out(toJson({ file: path, compression, records: rows }));
  else if (rows.length > 0) terminal.out(table(rows.map(recordCells), ""));
}
