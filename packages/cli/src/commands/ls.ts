// `metagraph ls CKPT`: what inspect_checkpoint prints.
import { openCheckpoint, sizeOf } from "@org/metagraph";
import type { Command } from "commander";
import { type Terminal, table, toJson } from "../terminal.ts";

/** Adds the command to the program. */
export function addLs(program: Command, terminal: Terminal): void {
  program
    .command("ls")
    .description("List the tensors of a checkpoint.")
    .argument("<checkpoint>", "prefix of a V2 checkpoint (model-10000), or pattern of V1 files")
    .option("--json", "one JSON document")
    .option("-l, --long", "aligned columns with sizes")
    .addHelpText("after", "\nExample:\n  metagraph ls model-10000")
    .action(async (prefix: string, options: { json?: boolean; long?: boolean }) => {
      await using reader = await openCheckpoint(prefix);
      const entries = [];
      for await (const entry of reader) entries.push(entry);
      const params = entries.reduce((sum, { shape }) => sum + sizeOf(shape), 0);
      if (options.json) {
        terminal.out(toJson({ prefix, version: reader.version, tensors: entries, params }));
        return;
      }
      if (options.long)
        terminal.out(
          table(
            entries.map(({ name, dtype, shape }) => [name, dtype, `[${shape.join(",")}]`, sizeOf(shape)]),
            "",
          ),
        );
      else terminal.out(reader.debugString().trimEnd());
      terminal.out(`# Total number of params: ${params}`);
    });
}
