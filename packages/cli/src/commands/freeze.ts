// `metagraph freeze FILE --outputs a,b -o FILE`: a graph whose variables are constants, from a .meta file and its checkpoint, or a SavedModel.
import { TfError } from "@org/errors";
import { freezeGraph } from "@org/graph-util";
import { type Command, Option } from "commander";
import { checkpointBeside, graphBytes, graphDefOf, isTextName, readGraphFile } from "../files/graph-file.ts";
import { identify } from "../files/identify.ts";
import { refuseOverwriting, writeOutput } from "../files/output.ts";
import { toJson } from "../json.ts";
import { withProgress } from "../progress.ts";
import type { Terminal } from "../terminal.ts";
import { commaSeparated, withOutputFlags } from "./options.ts";

interface FreezeFlags {
  readonly output: string;
  readonly outputs: readonly string[];
  readonly checkpoint?: string;
  readonly tagSet?: string;
  readonly keepDevices?: boolean;
  readonly variables?: readonly string[];
  readonly except?: readonly string[];
  readonly force?: boolean;
  readonly json?: boolean;
  readonly quiet?: boolean;
}

/** Adds the command to the program. */
export function addFreeze(program: Command, terminal: Terminal): void {
  const command = program
    .command("freeze")
    .description(
      "Write a graph whose variables are constants: what freeze_graph makes of a .meta file and a checkpoint, or of a SavedModel.",
    )
    .argument("<file>", "a .meta, .pb or text file, or a SavedModel's directory")
    .addOption(
      new Option("--outputs <nodes>", "what the frozen graph is to compute; a list with commas")
        .argParser(commaSeparated)
        .makeOptionMandatory(),
    )
    .requiredOption(
      "-o, --output <file>",
      "the GraphDef; binary, or text by its suffix (.pbtxt); - is standard output",
    )
    .option("-c, --checkpoint <prefix>", "the variables; default: what the .meta file is named after")
    .option("--variables <names>", "freeze these alone; a list with commas", commaSeparated)
    .option("--except <names>", "leave these variables", commaSeparated)
    .option("--keep-devices", "keep the devices that nodes were placed on")
    .option("--tag-set <tags>", "the MetaGraph of a SavedModel of several");
  withOutputFlags(command)
    .addHelpText(
      "after",
      "\nExamples:\n  metagraph freeze model-10000.meta --outputs softmax -o frozen.pb\n  metagraph freeze graph.pbtxt -c model-10000 --outputs softmax -o frozen.pb\n  metagraph freeze export/1 --outputs scores -o frozen.pb",
    )
    .action(async (file: string, flags: FreezeFlags) => {
      const { output, outputs } = flags;
      await refuseOverwriting(output, flags);
      const found = await identify(file);
      const graph = await readGraphFile(found, terminal, { tagSet: flags.tagSet });
      const prefix = flags.checkpoint ?? checkpointBeside(found);
      if (prefix === undefined)
        throw new TfError("INVALID_ARGUMENT", `Which checkpoint has the variables of ${file}?`, {
          file,
          hint: "--checkpoint PREFIX says it.",
        });
      const source =
        graph.type === "GraphDef" ? { inputGraph: graph.message } : { inputMetaGraph: graph.def };
      const frozen = await withProgress(output, terminal, flags, (onProgress) =>
        freezeGraph({
          ...source,
          inputCheckpoint: prefix,
          outputNodeNames: outputs,
          clearDevices: !flags.keepDevices,
          variableNamesWhitelist: flags.variables,
          variableNamesBlacklist: flags.except,
          signal: terminal.signal,
          onProgress,
        }),
      );
      const text = output === "-" ? graph.text : isTextName(output);
      await writeOutput(output, await graphBytes({ type: "GraphDef", message: frozen }, text), terminal);
      if (output === "-" || flags.quiet) return;
      const counts = { nodes: frozen.node.length, of: graphDefOf(graph.def, file).node.length };
      if (flags.json) terminal.out(toJson({ file, checkpoint: prefix, output, ...counts }));
      else terminal.err(`${output}: ${counts.nodes} of ${counts.of} nodes`);
    });
}
