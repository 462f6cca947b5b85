// The `metagraph` command: its commands, options, help and exit status. What a command does is in commands/.
import { isTfError } from "@org/errors";
import { Command, CommanderError } from "commander";
import { addCompletion } from "./commands/completion.ts";
import { addConvert } from "./commands/convert.ts";
import { addDiff } from "./commands/diff.ts";
import { addExtract } from "./commands/extract.ts";
import { addFreeze } from "./commands/freeze.ts";
import { addGet } from "./commands/get.ts";
import { addLs } from "./commands/ls.ts";
import { addRename } from "./commands/rename.ts";
import { addShow } from "./commands/show.ts";
import { addValidate } from "./commands/validate.ts";
import { DifferenceFound, exitCodeOf, exitCodes, OutputError, ProblemsFound } from "./exit-codes.ts";
import { printable } from "./table.ts";
import { processTerminal, type Terminal } from "./terminal.ts";
import { version } from "./version.ts";

const examples = `
Examples:
  metagraph show model-10000.meta
  metagraph ls model-10000
  metagraph get model-10000 hidden1/weights -o weights.npy
  metagraph convert model-10000 model.safetensors
  metagraph diff model-10000.meta model-20000.meta
  metagraph validate model-10000 model-10000.meta

Exit status: 0 done, 1 failed or different, 2 wrong usage, 65 a file is damaged, 66 a file or tensor is missing, 70 a bug, 130 interrupted.`;

const commands = [
  addShow,
  addLs,
  addGet,
  addConvert,
  addDiff,
  addValidate,
  addRename,
  addExtract,
  addFreeze,
  addCompletion,
];

/** TensorFlow's tools have underscores in their flags; hands that know them need not learn. */
const withDashes = (arg: string): string =>
  /^--[a-z]+(_[a-z]+)+(=|$)/.test(arg) ? arg.replace(/^[^=]*/, (flag) => flag.replaceAll("_", "-")) : arg;

/** A terminal that no text from a file can command. */
const printing = (terminal: Terminal): Terminal => ({
  ...terminal,
  out: (text) => terminal.out(printable(text, "\n\t")),
  err: (text) => terminal.err(printable(text, "\n\t")),
});

/**
 * Runs `metagraph` with these arguments (without node and script); its exit status: 0 done, 1 failed, 2 wrong usage, 65 a file
 * is damaged, 66 a file or tensor is missing, 70 a bug of ours, 130 interrupted. Errors go to `streams.err`; it throws none.
 */
export async function main(args: readonly string[], streams: Terminal = processTerminal()): Promise<number> {
  const terminal = printing(streams);
  const program = new Command("metagraph")
    .description("Looks into TensorFlow 1 MetaGraphs, checkpoints and SavedModels, and changes them.")
    .version(version, "-V, --version", "print the version")
    .helpOption("-h, --help", "print this help")
    .helpCommand("help [command]", "print a command's help")
    .configureOutput({
      writeOut: (text) => terminal.out(text.trimEnd()),
      writeErr: (text) => terminal.err(text.trimEnd()),
      getOutHasColors: () => false,
      getErrHasColors: () => false,
    })
    .addHelpText("after", examples)
    .exitOverride()
    .showSuggestionAfterError();
  for (const add of commands) add(program, terminal);
  for (const command of program.commands)
    command.copyInheritedSettings(program).helpOption("-h, --help", "print this help");
  try {
    await program.parseAsync(args.map(withDashes), { from: "user" });
    return terminal.signal?.aborted ? exitCodes.interrupted : exitCodes.ok;
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? exitCodes.ok : exitCodes.usage;
    if (terminal.signal?.aborted) return exitCodes.interrupted;
    if (error instanceof DifferenceFound || error instanceof ProblemsFound) return exitCodeOf(error);
    if (isTfError(error) || error instanceof OutputError) terminal.err(`metagraph: ${error.message}`);
    else
      terminal.err(
        `metagraph: this is a bug: ${error instanceof Error ? (error.stack ?? error.message) : error}`,
      );
    return exitCodeOf(error);
  }
}
