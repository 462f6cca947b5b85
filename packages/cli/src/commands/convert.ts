// `metagraph convert FROM TO`: the same in another format. What FROM is, is told by its content; what TO is to be, by its name or by --to.
import { type Command, Option } from "commander";
import { type Convert, type ConvertFlags, type Done, type Target, targets } from "../convert/conversion.ts";
import { fromSavedModel, toSavedModel } from "../convert/saved-models.ts";
import { OutputError } from "../exit-codes.ts";
import {
  checkpointBeside,
  type GraphFile,
  graphBytes,
  graphDefOf,
  isTextName,
  type MessageToWrite,
  readGraphFile,
} from "../files/graph-file.ts";
import { type Identified, identify, kindNames } from "../files/identify.ts";
import { refuseOverwriting, writeOutput } from "../files/output.ts";
import { toJson } from "../json.ts";
import { withProgress } from "../progress.ts";
import { holdsTensors, openTensors } from "../tensors/open-tensors.ts";
import {
  formatOfName,
  refuseTensors,
  type TensorFormat,
  tensorFormats,
  writeTensors,
} from "../tensors/write-tensors.ts";
import type { Terminal } from "../terminal.ts";
import { passes, withFilter, withOutputFlags } from "./options.ts";

/** Adds the command to the program. */
export function addConvert(program: Command, terminal: Terminal): void {
  const command = program
    .command("convert")
    .description(
      "Convert graphs (binary, text), checkpoints (V1, V2), .npz, .safetensors and SavedModels into each other.",
    )
    .argument(
      "<from>",
      "a .meta, .pb or text file, a checkpoint's prefix, a .npz or .safetensors file, a SavedModel's directory",
    )
    .argument(
      "<to>",
      "the output; its suffix says what it is to be: .meta, .pb, .pbtxt, .npz, .safetensors, none for a checkpoint",
    )
    .addOption(
      new Option(
        "-t, --to <format>",
        "v1, v2: a checkpoint; npz, safetensors; binary, text: the same message; meta: a MetaGraphDef; graph: a GraphDef; saved-model: a directory; model: .meta and checkpoint of a SavedModel",
      ).choices(targets),
    )
    .option(
      "-c, --checkpoint <prefix>",
      "to a SavedModel: the variables; default: what the .meta file is named after",
    )
    .option(
      "--tag-set <tags>",
      "the MetaGraph of a SavedModel of several; to a SavedModel: its tags (default: the file's, or serve)",
    )
    .option("--assets <directory>", "to a SavedModel: where the files are that its graph reads")
    .option("--compress", "deflate a .npz file");
  withOutputFlags(withFilter(command))
    .addHelpText(
      "after",
      `
Examples:
  metagraph convert model-10000.meta model.pbtxt              binary to text, and back
  metagraph convert model-10000.meta graph.pb                 the GraphDef alone
  metagraph convert model-10000 old-model --to v1             a V1 checkpoint
  metagraph convert model-10000 model.npz --exclude Adam      for numpy
  metagraph convert model.safetensors model-1                 a checkpoint again
  metagraph convert export/1 model                            a SavedModel to model.meta and the checkpoint model
  metagraph convert model-10000.meta export/1 --to saved-model`,
    )
    .action(async (from: string, to: string, flags: ConvertFlags) => {
      const found = await identify(from);
      const target = flags.to ?? targetOf(found, to);
      const done = await conversionOf(found, target)(found, to, target, flags, terminal);
      if (flags.json) terminal.out(toJson({ from, to, format: target, ...done }));
      else if (!flags.quiet && to !== "-") terminal.err(`${to}: ${sentenceOf(done)}`);
    });
}

const sentenceOf = ({ message, nodes, tensors }: Done): string =>
  [
    message,
    ...(nodes === undefined ? [] : [`${nodes} nodes`]),
    ...(tensors === undefined ? [] : [`${tensors} tensors`]),
  ]
    .filter(Boolean)
    .join(", ");

/** What the name of an output means for what goes into it. */
function targetOf(found: Identified, to: string): Target {
  if (/\.(npz|safetensors)$/.test(to)) return formatOfName(to);
  if (holdsTensors(found)) return "v2";
  if (isTextName(to)) return "text";
  if (to.endsWith(".pb")) return "graph";
  if (to.endsWith(".meta")) return "meta";
  if (to.endsWith("/")) return "saved-model";
  return found.kind === "saved-model" && to !== "-" ? "model" : "binary";
}

const isTensorFormat = (target: Target): target is TensorFormat =>
  (tensorFormats as readonly string[]).includes(target);

function conversionOf(found: Identified, target: Target): Convert {
  if (isTensorFormat(target) && (holdsTensors(found) || found.kind === "saved-model")) return convertTensors;
  if (found.kind === "graph" || found.kind === "saved-model") {
    if (target === "saved-model") return toSavedModel;
    if (target === "model" && found.kind === "saved-model") return fromSavedModel;
    if (target !== "model" && !isTensorFormat(target)) return convertGraph;
  }
  throw new OutputError(
    `${found.path} is ${kindNames[found.kind]}, which does not become ${target}\nHint: ${
      holdsTensors(found)
        ? `It becomes ${tensorFormats.join(", ")}.`
        : "`metagraph convert --help` has examples of what becomes what."
    }`,
  );
}

const convertTensors: Convert = async (found, to, target, flags, terminal) => {
  const format = target as TensorFormat;
  await refuseTensors(to, format, flags);
  const holder =
    found.kind === "saved-model" ? ({ kind: "checkpoint", path: checkpointBeside(found)! } as const) : found;
  await using source = await openTensors(holder, terminal.signal);
  const written = await withProgress(to, terminal, flags, (onProgress) =>
    writeTensors(source, to, format, {
      filter: passes(flags),
      ...(flags.compress ? { compress: true } : {}),
      signal: terminal.signal,
      onProgress,
    }),
  );
  if (format === "npz" && source.entries.some(({ dtype }) => dtype === "bfloat16") && !flags.quiet)
    terminal.err("Note: numpy has no bfloat16; its bits are there as uint16.");
  return { tensors: written.length };
};

const convertGraph: Convert = async (found, to, target, flags, terminal) => {
  await refuseOverwriting(to, flags);
  const whole = (target === "binary" || target === "text") && flags.tagSet === undefined;
  const graph = await readGraphFile(found, terminal, {
    tagSet: flags.tagSet,
    ...(whole ? { anyMetaGraph: true } : {}),
  });
  const message = messageFor(graph, target, whole);
  const text = target === "text" || (target !== "binary" && isTextName(to));
  await writeOutput(to, await graphBytes(message, text), terminal);
  return { message: message.type, nodes: graph.def.graphDef?.node.length ?? 0 };
};

/** What is to be written of a graph: the message that it came in, or the one that was asked for. */
function messageFor(graph: GraphFile, target: Target, whole: boolean): MessageToWrite {
  if (target === "graph") return { type: "GraphDef", message: graphDefOf(graph.def, graph.path) };
  if (target === "meta" || (graph.type === "SavedModel" && !whole))
    return { type: "MetaGraphDef", message: graph.def };
  return graph;
}
