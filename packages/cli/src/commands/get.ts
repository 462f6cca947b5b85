// `metagraph get CKPT NAME`: one tensor, printed or as .npy.

import { TfError } from "@org/errors";
import { atomicWrite, defaultFileSystem } from "@org/io";
import { formatNdArray, openCheckpoint, parseSlice, toArray, writeNpy } from "@org/metagraph";
import type { Command } from "commander";
import { type Terminal, toJson } from "../terminal.ts";

interface GetFlags {
  readonly output?: string;
  readonly slice?: string;
  readonly json?: boolean;
  readonly force?: boolean;
}

/** Adds the command to the program. */
export function addGet(program: Command, terminal: Terminal): void {
  program
    .command("get")
    .description("Print a tensor of a checkpoint, or write it as .npy.")
    .argument("<checkpoint>", "prefix of a V2 checkpoint, or pattern of V1 files")
    .argument("<name>", "the tensor's key, as `ls` prints it")
    .option("-o, --output <file>", "write a .npy file; - is standard output")
    .option("-s, --slice <spec>", 'a part: "0,2:-" is rows 0 and 1, all columns')
    .option("--json", "one JSON document")
    .option("-f, --force", "overwrite the output file")
    .addHelpText("after", "\nExample:\n  metagraph get model-10000 hidden1/weights --slice 0,2:-")
    .action(async (prefix: string, name: string, flags: GetFlags) => {
      await using reader = await openCheckpoint(prefix);
      const value = await reader.get(
        name,
        flags.slice === undefined ? {} : { slice: parseSlice(flags.slice) },
      );
      if (flags.output !== undefined) {
        const bytes = writeNpy(value);
        if (flags.output === "-") return terminal.outBytes(bytes);
        const fs = await defaultFileSystem();
        if (!flags.force && (await fs.stat(flags.output))) {
          throw new TfError("ALREADY_EXISTS", `${flags.output} exists`, {
            file: flags.output,
            hint: "--force overwrites it.",
          });
        }
        return atomicWrite(fs, flags.output, bytes);
      }
      if (flags.json)
        terminal.out(toJson({ name, dtype: value.dtype, shape: value.shape, value: toArray(value) }));
      else terminal.out(formatNdArray(value));
    });
}
