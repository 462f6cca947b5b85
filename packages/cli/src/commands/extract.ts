// `metagraph extract FILE --outputs a,b -o FILE`: the part of a graph that some nodes need, between inputs and outputs.
import { TfError } from "@org/errors";
import { extractSubGraph, optimizeForInference, removeTrainingNodes, stripUnused } from "@org/graph-util";
import type { IGraphDef, INodeDef } from "@org/proto";
import { type DType, dtypes } from "@org/tensor";
import { type Command, InvalidArgumentError, Option } from "commander";
import { graphBytes, graphDefOf, isTextName, readGraphFile } from "../files/graph-file.ts";
import { identify } from "../files/identify.ts";
import { refuseOverwriting, writeOutput } from "../files/output.ts";
import { toJson } from "../json.ts";
import type { Terminal } from "../terminal.ts";
import { commaSeparated, withOutputFlags } from "./options.ts";

interface ExtractFlags {
  readonly output: string;
  readonly outputs: readonly string[];
  readonly inputs?: readonly string[];
  readonly type?: DType;
  readonly removeTrainingNodes?: boolean;
  readonly optimize?: boolean;
  readonly tagSet?: string;
  readonly force?: boolean;
  readonly json?: boolean;
  readonly quiet?: boolean;
}

/** Adds the command to the program. */
export function addExtract(program: Command, terminal: Terminal): void {
  const command = program
    .command("extract")
    .description(
      "Write the part of a graph that some nodes need, as a GraphDef; from a .meta, .pb or text file, or a SavedModel.",
    )
    .argument("<file>", "the graph; - is standard input")
    .addOption(
      new Option("--outputs <nodes>", "what the part is to compute; a list with commas")
        .argParser(commaSeparated)
        .makeOptionMandatory(),
    )
    .requiredOption(
      "-o, --output <file>",
      "the GraphDef; binary, or text by its suffix (.pbtxt); - is standard output",
    )
    .option(
      "--inputs <nodes>",
      "nodes that become placeholders, so that nothing before them is needed",
      commaSeparated,
    )
    .addOption(
      new Option("--type <dtype>", "what the placeholders hold; default: what the nodes give").argParser(
        dtypeOption,
      ),
    )
    .option("--remove-training-nodes", "leave out CheckNumerics and Identity nodes")
    .option(
      "--optimize",
      "of a frozen graph with --inputs: fold batch normalizations, fuse paddings into convolutions",
    )
    .option("--tag-set <tags>", "the MetaGraph of a SavedModel of several");
  withOutputFlags(command)
    .addHelpText(
      "after",
      "\nExamples:\n  metagraph extract model-10000.meta --outputs logits -o inference.pb\n  metagraph extract frozen.pb --inputs images --outputs softmax --optimize -o small.pb",
    )
    .action(async (file: string, flags: ExtractFlags) => {
      const { output, outputs, inputs } = flags;
      if (flags.optimize && !inputs) command.error("error: --optimize needs --inputs");
      await refuseOverwriting(output, flags);
      const graph = await readGraphFile(await identify(file), terminal, { tagSet: flags.tagSet });
      const whole = graphDefOf(graph.def, file);
      const types = inputs?.map((name) => flags.type ?? typeOfNode(whole, name));
      const warn = (message: string): void => terminal.err(`Note: ${message}`);
      let part: IGraphDef = whole;
      if (flags.optimize) part = optimizeForInference(whole, inputs!, outputs, types!, { onWarning: warn });
      else {
        part = inputs ? stripUnused(whole, inputs, outputs, types!) : extractSubGraph(whole, outputs);
        if (flags.removeTrainingNodes) part = removeTrainingNodes(part, outputs);
      }
      const text = output === "-" ? graph.text : isTextName(output);
      await writeOutput(output, await graphBytes({ type: "GraphDef", message: part }, text), terminal);
      const counts = { nodes: part.node?.length ?? 0, of: whole.node.length };
      if (output === "-" || flags.quiet) return;
      if (flags.json) terminal.out(toJson({ file, output, ...counts }));
      else terminal.err(`${output}: ${counts.nodes} of ${counts.of} nodes`);
    });
}

function dtypeOption(text: string): DType {
  if (Object.hasOwn(dtypes, text)) return text as DType;
  throw new InvalidArgumentError(
    `Allowed choices are ${Object.keys(dtypes).slice(0, 9).join(", ")} and so on.`,
  );
}

/** The type of a node's first output, as its attributes tell it. Throws TfError INVALID_ARGUMENT where they do not. */
function typeOfNode(graph: IGraphDef, name: string): number {
  const node: INodeDef | undefined = graph.node?.find((one) => one.name === name);
  // A node that is not there is stripUnused's to complain of.
  const type = node
    ? (node.attr?.dtype?.type ?? node.attr?.T?.type ?? node.attr?._output_types?.list?.type?.[0])
    : 1;
  if (type) return type;
  throw new TfError("INVALID_ARGUMENT", `What ${name} gives is not told by its attributes`, {
    node: name,
    op: node?.op ?? "",
    hint: "--type says it: float32, int64 ...",
  });
}
