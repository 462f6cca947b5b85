// The `metagraph` command: its commands, options, help and exit status. What a command does is in commands/.
import { isTfError } from "@org/errors";
import { Command, CommanderError } from "commander";
import { addGet } from "./commands/get.ts";
import { addLs } from "./commands/ls.ts";
import { addShow } from "./commands/show.ts";
import { exitCodeOf, exitCodes } from "./exit-codes.ts";
import { processTerminal, type Terminal } from "./terminal.ts";

export type { Terminal } from "./terminal.ts";

/**
 * Runs `metagraph` with these arguments (without node and script); its exit status: 0 done, 1 failed, 2 wrong usage, 65 a file
 * is damaged, 66 a file or key is missing, 70 a bug of ours, 130 interrupted.
 */
export async function main(args: readonly string[], terminal: Terminal = processTerminal()): Promise<number> {
  const program = new Command("metagraph")
    .description("Looks into TensorFlow 1 MetaGraphs and checkpoints.")
    .version("0.1.0", "-V, --version")
    .helpOption("-h, --help")
    .configureOutput({
      writeOut: (text) => terminal.out(text.trimEnd()),
      writeErr: (text) => terminal.err(text.trimEnd()),
    })
    .addHelpText(
      "after",
      "\nExample:\n  metagraph show model-10000.meta\n  metagraph ls model-10000\n  metagraph get model-10000 hidden1/weights -o weights.npy",
    )
    .exitOverride()
    .showSuggestionAfterError();
  for (const add of [addShow, addLs, addGet]) add(program, terminal);
  for (const command of program.commands) command.exitOverride().copyInheritedSettings(program);
  try {
    await program.parseAsync([...args], { from: "user" });
    return exitCodes.ok;
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? exitCodes.ok : exitCodes.usage;
    if (isTfError(error)) terminal.err(`metagraph: ${error.message}`);
    else terminal.err(`metagraph: ${error instanceof Error ? (error.stack ?? error.message) : error}`);
    return exitCodeOf(error);
  }
}
