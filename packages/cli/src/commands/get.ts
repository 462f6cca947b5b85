// `metagraph get FILE NAME`: one tensor of a checkpoint, .npz or .safetensors file, printed, as JSON, or as .npy; the course of a tag in an event file; a
// record of a record file.
import { parseSlice } from "@org/checkpoint";
import { isTfError, TfError } from "@org/errors";
import { type NdArray, toArray } from "@org/metagraph";
import { Example } from "@org/proto";
import { formatNdArray, writeNpy } from "@org/tensor";
import { type Command, InvalidArgumentError, Option } from "commander";
import { checkpointBeside } from "../files/graph-file.ts";
import { type Identified, identify, kindNames } from "../files/identify.ts";
import { type OutputFlags, refuseOverwriting, writeOutput } from "../files/output.ts";
import { toJson } from "../json.ts";
import { eventRows } from "../list/events.ts";
import { exampleOf, recordRows } from "../list/records.ts";
import { table } from "../table.ts";
import { holdsTensors, openCheckpointSource, openTensors } from "../tensors/open-tensors.ts";
import type { Terminal } from "../terminal.ts";

interface GetFlags extends OutputFlags {
  readonly output?: string;
  readonly slice?: ReturnType<typeof parseSlice>;
  readonly json?: boolean;
  readonly quiet?: boolean;
}

/** Adds the command to the program. */
export function addGet(program: Command, terminal: Terminal): void {
  program
    .command("get")
    .description(
      "Print a tensor, or write it as .npy for numpy; the values of a tag of an event file, step by step; a record of a record file.",
    )
    .argument(
      "<file>",
      "prefix of a V2 checkpoint (model-10000), a V1 file or pattern, or any other file that `ls` lists",
    )
    .argument("<name>", "the tensor's name, the tag, or the record's index, as `ls` prints it")
    .option("-o, --output <file>", "write a .npy file, or a record's bytes; - is standard output")
    .option("-f, --force", "overwrite the output file")
    .option(
      "-s, --slice <spec>",
      'a part of a tensor: "0,2:-" is two rows from row 0 on, all columns',
      sliceOption,
    )
    .addOption(new Option("--json", "one JSON document").conflicts("output"))
    .option("-q, --quiet", "print nothing; the exit status says whether the tensor is whole")
    .addHelpText(
      "after",
      "\nExamples:\n  metagraph get model-10000 hidden1/weights --slice 0,2:-\n  metagraph get model-10000 hidden1/weights -o weights.npy\n  metagraph get events.out.tfevents.1700000000.host loss",
    )
    .action(async (path: string, name: string, flags: GetFlags) => {
      if (flags.output !== undefined) await refuseOverwriting(flags.output, flags);
      const found = await identify(path);
      if (found.kind === "events") return getTag(found, name, flags, terminal);
      if (found.kind === "records") return getRecord(found, name, flags, terminal);
      const holder =
        found.kind === "saved-model"
          ? ({ kind: "checkpoint", path: checkpointBeside(found)! } as const)
          : found;
      if (!holdsTensors(holder))
        throw new TfError("DATA_LOSS", `${path} is ${kindNames[found.kind]}, not a file of tensors`, {
          file: path,
          hint: checkpointBeside(found)
            ? `The tensors are in "${checkpointBeside(found)}".`
            : "`metagraph ls` shows what is in it.",
        });
      const value = await getTensor(holder, name, flags, terminal);
      const { dtype, shape } = value;
      if (flags.output !== undefined) {
        await writeOutput(flags.output, writeNpy(value), terminal);
        if (!flags.quiet && flags.output !== "-")
          terminal.err(`${flags.output}: ${dtype} [${shape.join(",")}]`);
      } else if (flags.quiet) return;
      else if (flags.json)
        terminal.out(toJson({ [keyOf(holder)]: path, name, dtype, shape, value: nested(value) }));
      else terminal.out(formatNdArray(value));
    });
}

const keyOf = ({ kind }: Identified): string => (kind === "checkpoint" ? "checkpoint" : "file");

async function getTensor(
  found: Identified,
  name: string,
  flags: GetFlags,
  terminal: Terminal,
): Promise<NdArray> {
  const { signal } = terminal;
  if (found.kind !== "checkpoint") {
    if (flags.slice)
      throw new TfError("UNIMPLEMENTED", `Parts are read of checkpoints, not of ${kindNames[found.kind]}`, {
        hint: "Leave --slice out.",
      });
    await using source = await openTensors(found, signal);
    return await source.get(name, { signal });
  }
  await using source = await openCheckpointSource(found.path, signal);
  return await source.reader.get(name, { slice: flags.slice, signal });
}

function sliceOption(text: string): ReturnType<typeof parseSlice> {
  try {
    return parseSlice(text);
  } catch (error) {
    if (isTfError(error))
      throw new InvalidArgumentError(
        `${error.sentence}\nA slice is "start,length" for each dimension, or "-" for all of it, with ":" between: "0,2:-".`,
      );
    throw error;
  }
}

/** Strings stay bytes, so that those which are no text are told from those which are. */
function nested(value: NdArray): unknown {
  if (value.dtype !== "string") return toArray(value);
  let at = 0;
  const level = (axis: number): unknown =>
    axis === value.shape.length
      ? value.data[at++]
      : Array.from({ length: value.shape[axis]! }, () => level(axis + 1));
  return level(0);
}

/** The scalars of a tag, step by step. */
async function getTag(found: Identified, tag: string, flags: GetFlags, terminal: Terminal): Promise<void> {
  const rows: { step: bigint; wallTime: number; value: number }[] = [];
  const tags = new Map<string, string>();
  for await (const { step, wallTime, values = [] } of eventRows(found.path, terminal))
    for (const one of values) {
      tags.set(one.tag, one.kind);
      if (one.tag === tag && one.kind === "scalar") rows.push({ step, wallTime, value: one.value! });
    }
  if (!tags.has(tag))
    throw new TfError("NOT_FOUND", `There is no tag ${tag} in ${found.path}`, {
      file: found.path,
      key: tag,
      hint: `It has ${[...tags.keys()].slice(0, 10).join(", ") || "no summaries"}.`,
    });
  if (rows.length === 0)
    throw new TfError("UNIMPLEMENTED", `The values of ${tag} are no scalars: ${tags.get(tag)}`, {
      file: found.path,
      key: tag,
      hint: "`metagraph ls --json` lists its events.",
    });
  if (flags.quiet) return;
  if (flags.json) terminal.out(toJson({ file: found.path, tag, values: rows }));
  else
    terminal.out(
      table(
        rows.map(({ step, value }) => [String(step), String(Number(value.toPrecision(8)))]),
        "",
      ),
    );
}

/** The record with an index: an Example as text, others as JSON strings; or its bytes into a file. */
async function getRecord(
  found: Identified,
  name: string,
  flags: GetFlags,
  terminal: Terminal,
): Promise<void> {
  const wanted = /^\d+$/.test(name) ? Number(name) : Number.NaN;
  let count = 0;
  for await (const { index, data } of recordRows(found, terminal)) {
    count++;
    if (index !== wanted) continue;
    if (flags.output !== undefined) return writeOutput(flags.output, data, terminal);
    if (flags.quiet) return;
    const example = exampleOf(data);
    if (flags.json) terminal.out(toJson({ file: found.path, index, ...(example ? { example } : { data }) }));
    else if (example) terminal.out((await import("@org/proto/text")).toText(Example, example).trimEnd());
    else terminal.out(toJson(data));
    return;
  }
  throw new TfError("NOT_FOUND", `There is no record ${name} in ${found.path}`, {
    file: found.path,
    key: name,
    hint: count === 0 ? "It holds no records." : `It has records 0 to ${count - 1}.`,
  });
}
