// `metagraph get CKPT NAME`: one tensor of a checkpoint, printed, as JSON, or as .npy.
import { parseSlice } from "@org/checkpoint";
import { isTfError } from "@org/errors";
import { atomicWrite, defaultFileSystem } from "@org/io";
import { type NdArray, openCheckpoint, toArray } from "@org/metagraph";
import { formatNdArray, writeNpy } from "@org/tensor";
import { type Command, InvalidArgumentError, Option } from "commander";
import { OutputError } from "../exit-codes.ts";
import { toJson } from "../json.ts";
import type { Terminal } from "../terminal.ts";

interface GetFlags {
  readonly output?: string;
  readonly slice?: ReturnType<typeof parseSlice>;
  readonly json?: boolean;
  readonly force?: boolean;
  readonly quiet?: boolean;
}

/** Adds the command to the program. */
export function addGet(program: Command, terminal: Terminal): void {
  program
    .command("get")
    .description("Print a tensor of a checkpoint, or write it as .npy for numpy.")
    .argument("<checkpoint>", "prefix of a V2 checkpoint (model-10000), or a V1 file or pattern")
    .argument("<name>", "the tensor's name, as `ls` prints it")
    .option("-o, --output <file>", "write a .npy file; - is standard output")
    .option("-f, --force", "overwrite the output file")
    .option("-s, --slice <spec>", 'a part: "0,2:-" is two rows from row 0 on, all columns', sliceOption)
    .addOption(new Option("--json", "one JSON document").conflicts("output"))
    .option("-q, --quiet", "print nothing; the exit status says whether the tensor is whole")
    .addHelpText(
      "after",
      "\nExamples:\n  metagraph get model-10000 hidden1/weights --slice 0,2:-\n  metagraph get model-10000 hidden1/weights -o weights.npy",
    )
    .action(async (prefix: string, name: string, flags: GetFlags) => {
      const { output } = flags;
      if (output !== undefined && output !== "-") await refuseOverwriting(output, flags);
      await using reader = await openCheckpoint(prefix);
      const value = await reader.get(name, {
        ...(flags.slice ? { slice: flags.slice } : {}),
        ...(terminal.signal ? { signal: terminal.signal } : {}),
      });
      if (output === "-") terminal.bytes(writeNpy(value));
      else if (output !== undefined) {
        await writeOutput(output, writeNpy(value));
        if (!flags.quiet) terminal.err(`${output}: ${value.dtype} [${value.shape.join(",")}]`);
      } else if (flags.quiet) return;
      else if (flags.json) {
        const { dtype, shape } = value;
        terminal.out(toJson({ checkpoint: prefix, name, dtype, shape, value: nested(value) }));
      } else terminal.out(formatNdArray(value));
    });
}

function sliceOption(text: string): ReturnType<typeof parseSlice> {
  try {
    return parseSlice(text);
  } catch (error) {
    if (isTfError(error)) throw new InvalidArgumentError(error.sentence);
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

async function refuseOverwriting(output: string, flags: GetFlags): Promise<void> {
  const there = await (await defaultFileSystem()).stat(output);
  if (there?.isDirectory) throw new OutputError(`${output} is a directory`);
  if (there && !flags.force) throw new OutputError(`${output} exists\nHint: --force overwrites it.`);
}

async function writeOutput(output: string, bytes: Uint8Array): Promise<void> {
  try {
    await atomicWrite(await defaultFileSystem(), output, bytes);
  } catch (cause) {
    throw new OutputError(`Cannot write ${output}: ${isTfError(cause) ? cause.sentence : cause}`, { cause });
  }
}
