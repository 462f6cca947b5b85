// `metagraph ls CKPT`: what TensorFlow's inspect_checkpoint prints, line by line.
import { type CheckpointEntry, openCheckpoint } from "@org/metagraph";
import { dtypes, sizeOf } from "@org/tensor";
import type { Command } from "commander";
import { toJson } from "../json.ts";
import { table } from "../table.ts";
import type { Terminal } from "../terminal.ts";

interface LsFlags {
  readonly json?: boolean;
  readonly long?: boolean;
  readonly quiet?: boolean;
}

/** Adds the command to the program. */
export function addLs(program: Command, terminal: Terminal): void {
  program
    .command("ls")
    .description("List the tensors of a checkpoint, as TensorFlow's inspect_checkpoint does.")
    .argument("<checkpoint>", "prefix of a V2 checkpoint (model-10000), or a V1 file or pattern")
    .option("-l, --long", "aligned columns: name, type, shape, elements, bytes")
    .option("--json", "one JSON document")
    .option("-q, --quiet", "print nothing; the exit status says whether the checkpoint opens")
    .addHelpText("after", "\nExample:\n  metagraph ls model-10000 --long")
    .action(async (prefix: string, flags: LsFlags) => {
      await using reader = await openCheckpoint(prefix);
      const entries: CheckpointEntry[] = [];
      for await (const entry of reader) entries.push(entry);
      if (flags.quiet) return;
      const params = entries.reduce((sum, { shape }) => sum + sizeOf(shape), 0);
      if (flags.json) {
        terminal.out(toJson({ checkpoint: prefix, version: reader.version, tensors: entries, params }));
        return;
      }
      // inspect_checkpoint has an empty line before the sum, too.
      const list = flags.long ? table(entries.map(longRow), "") : reader.debugString().trimEnd();
      terminal.out(`${list}${list === "" ? "" : "\n"}\n# Total number of params: ${params}`);
    });
}

function longRow({ name, dtype, shape }: CheckpointEntry): (string | number)[] {
  const size = sizeOf(shape);
  const { bytes } = dtypes[dtype];
  return [name, dtype, `[${shape.join(",")}]`, size, bytes > 0 ? size * bytes : "-"];
}
