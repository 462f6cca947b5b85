// `metagraph show FILE`: what a graph holds, section by section: a MetaGraph, a GraphDef, a SavedModel (also in saved_model_cli's words); how an event
// file or a record file is made up.
import { openCheckpoint } from "@org/checkpoint";
import { TfError } from "@org/errors";
import { opDefs } from "@org/graph/op-defs";
import { describeSavedModel } from "@org/saved-model";
import { type Command, Option } from "commander";
import { type GraphFile, readGraphFile } from "../files/graph-file.ts";
import { identify, kindNames } from "../files/identify.ts";
import { toJson } from "../json.ts";
import { describeGraph, graphSections, saverOf } from "../list/graph-sections.ts";
import { byKey, signatureSections, signatureText } from "../list/signatures.ts";
import { summaryOfEvents, summaryOfRecords } from "../list/summaries.ts";
import { withProgress } from "../progress.ts";
import type { Terminal } from "../terminal.ts";
import { nodeTable } from "./ls.ts";

interface ShowFlags {
  readonly json?: boolean;
  readonly nodes?: boolean;
  readonly quiet?: boolean;
  readonly all?: boolean;
  readonly tagSet?: string;
  readonly signatureDef?: string;
}

/** Adds the command to the program. */
export function addShow(program: Command, terminal: Terminal): void {
  program
    .command("show")
    .description(
      "Show what a graph holds: versions, ops, inputs, outputs, variables, collections, Saver, signatures; what a SavedModel, an event file, a record file holds.",
    )
    .argument(
      "<file>",
      "a .meta, .pb or text file, a SavedModel's directory, an event or record file; - is standard input",
    )
    .option("--nodes", "list every node instead: name, op, inputs")
    .option("--all", "of a SavedModel: all signatures, as saved_model_cli prints them")
    .option("--tag-set <tags>", "of a SavedModel: the MetaGraph with these tags")
    .addOption(
      new Option("--signature-def <key>", "of a SavedModel: inputs and outputs of this signature").conflicts(
        "nodes",
      ),
    )
    .option("--json", "one JSON document")
    .option("-q, --quiet", "print nothing; the exit status says whether the file is what it should be")
    .addHelpText(
      "after",
      "\nExamples:\n  metagraph show model-10000.meta\n  metagraph show model-10000.meta --nodes\n  metagraph show export/1 --all",
    )
    .action(async (path: string, flags: ShowFlags) => {
      const found = await identify(path);
      if (found.kind === "events" || found.kind === "records") {
        const { text, json } = await withProgress(path, terminal, flags, (onProgress) =>
          found.kind === "events"
            ? summaryOfEvents(found, terminal)
            : summaryOfRecords(found, terminal, onProgress),
        );
        if (!flags.quiet) terminal.out(flags.json ? toJson(json) : text);
        return;
      }
      // Only a name is known of a checkpoint: that there is none is another error.
      if (found.kind === "checkpoint") await (await openCheckpoint(found.path)).close();
      if (found.kind !== "graph" && found.kind !== "saved-model")
        throw new TfError("DATA_LOSS", `${path} is ${kindNames[found.kind]}, which holds no graph`, {
          file: path,
          hint: `\`metagraph ls ${path}\` lists its tensors.`,
        });
      const several = flags.tagSet === undefined && flags.signatureDef === undefined && !flags.nodes;
      const graph = await readGraphFile(found, terminal, {
        tagSet: flags.tagSet,
        ...(several ? { anyMetaGraph: true } : {}),
      });
      const lines =
        graph.type === "SavedModel" && several ? savedModel(graph, flags) : oneGraph(graph, flags);
      if (!flags.quiet) terminal.out(lines);
    });
}

/** One MetaGraph: sections, nodes, or what saved_model_cli says of its signatures. */
function oneGraph({ path, def, type }: GraphFile, flags: ShowFlags): string {
  const found = describeGraph(def);
  const nodes = (def.graphDef?.node ?? []).map(({ name, op, input, device }) => ({
    name,
    op,
    input,
    device,
  }));
  if (flags.signatureDef !== undefined) {
    const signature = found.signatures.find(({ key }) => key === flags.signatureDef);
    if (!signature)
      throw new TfError("NOT_FOUND", `There is no signature ${flags.signatureDef} in ${path}`, {
        file: path,
        key: flags.signatureDef,
        hint: `It has ${
          byKey(found.signatures)
            .map(({ key }) => JSON.stringify(key))
            .join(", ") || "none"
        }.`,
      });
    return flags.json ? toJson({ file: path, ...signature }) : signatureText(signature);
  }
  if (flags.json)
    return toJson({ file: path, ...found, saver: saverOf(def), ...(flags.nodes ? { nodes } : {}) });
  if (flags.nodes) return nodeTable(nodes);
  if (flags.all) return `\n${signatureSections(found).join("\n\n")}`;
  if (type === "SavedModel")
    return [
      "The given SavedModel MetaGraphDef contains SignatureDefs with the following keys:",
      ...byKey(found.signatures).map(({ key }) => `SignatureDef key: "${key}"`),
    ].join("\n");
  return graphSections(path, def, found, type === "GraphDef").join("\n\n");
}

/** All MetaGraphs of a SavedModel. */
function savedModel({ path, message, type }: GraphFile, flags: ShowFlags): string {
  if (type !== "SavedModel") throw new TypeError("not a SavedModel");
  const { metaGraphs, schemaVersion } = describeSavedModel(message, { ops: opDefs() });
  if (flags.json) return toJson({ file: path, schemaVersion, metaGraphs });
  const sorted = [...metaGraphs].sort((a, b) => (a.tags.join() < b.tags.join() ? -1 : 1));
  if (flags.all)
    return sorted.map(({ metaGraph }) => `\n${signatureSections(metaGraph).join("\n\n")}`).join("\n");
  return [
    "The given SavedModel contains the following tag-sets:",
    ...sorted.map(({ tags }) => [...tags].sort().join(", ")),
    ...sorted.map((one) =>
      [
        "",
        ...graphSections(
          `${path} [${one.tags.join(", ")}]`,
          message.metaGraphs[metaGraphs.indexOf(one)]!,
          one.metaGraph,
        ),
        ...(one.assets.length > 0
          ? [
              `Assets:\n${one.assets.map(({ filename, tensorName }) => `  ${filename}  ${tensorName}`).join("\n")}`,
            ]
          : []),
        ...(one.initOp === undefined ? [] : [`Init op: ${one.initOp}`]),
        ...(one.trainOp === undefined ? [] : [`Train op: ${one.trainOp}`]),
        ...(one.objectGraphNodes > 0 ? [`Object graph: ${one.objectGraphNodes} nodes`] : []),
      ].join("\n\n"),
    ),
  ].join("\n");
}
