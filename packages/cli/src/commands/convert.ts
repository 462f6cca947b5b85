// `metagraph convert FROM TO`: the same in another format. What FROM is, is told by its content; what TO is to be, by its name or by --to.
import { convertCheckpoint } from "@org/checkpoint";
import { TfError } from "@org/errors";
import { atomicWrite, defaultFileSystem, dirname, fileError, joinPath, readFile } from "@org/io";
import { MetaGraphDef, SavedModel } from "@org/proto";
import { assetPath, getAssetsDir, getVariablesPath, savedAssets, writeSavedModel } from "@org/saved-model";
import { type Command, Option } from "commander";
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
import { outputting, refuseOverwriting, refuseOverwritingCheckpoint, writeOutput } from "../files/output.ts";
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
import { type FilterFlags, passes, withFilter, withOutputFlags } from "./options.ts";

/** What a conversion may lead to. */
const targets = [...tensorFormats, "binary", "text", "meta", "graph", "saved-model", "model"] as const;
type Target = (typeof targets)[number];

interface ConvertFlags extends FilterFlags {
  readonly to?: Target;
  readonly checkpoint?: string;
  readonly tagSet?: string;
  readonly assets?: string;
  readonly compress?: boolean;
  readonly force?: boolean;
  readonly json?: boolean;
  readonly quiet?: boolean;
}

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

/** What was done, for people and programs. */
interface Done {
  readonly tensors?: number;
  readonly nodes?: number;
  readonly message?: string;
}

const sentenceOf = ({ message, nodes, tensors }: Done): string =>
  [
    message,
    ...(nodes === undefined ? [] : [`${nodes} nodes`]),
    ...(tensors === undefined ? [] : [`${tensors} tensors`]),
  ]
    .filter(Boolean)
    .join(", ");

type Convert = (
  found: Identified,
  to: string,
  target: Target,
  flags: ConvertFlags,
  terminal: Terminal,
) => Promise<Done>;

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

/** The SavedModel's MetaGraph as a .meta file, its variables as a checkpoint beside it. */
const fromSavedModel: Convert = async (found, to, _, flags, terminal) => {
  const meta = `${to}.meta`;
  await refuseOverwriting(meta, flags);
  await refuseOverwritingCheckpoint(to, flags);
  const { def } = await readGraphFile(found, terminal, { tagSet: flags.tagSet });
  const variables = checkpointBeside(found)!;
  const fs = await defaultFileSystem();
  const hasVariables = (await fs.stat(`${variables}.index`)) !== undefined;
  let tensors = 0;
  if (hasVariables)
    await withProgress(to, terminal, flags, async (onProgress) => {
      const report = await convertCheckpoint(variables, to, { signal: terminal.signal, onProgress });
      tensors = report.tensors.length;
    });
  await writeOutput(meta, await graphBytes({ type: "MetaGraphDef", message: def }, false), terminal);
  if (!flags.quiet && (await fs.stat(joinPath(found.path, "assets"))))
    terminal.err(`Note: the graph reads assets, which stay in ${joinPath(found.path, "assets")}.`);
  return { nodes: def.graphDef?.node.length ?? 0, tensors };
};

/** A MetaGraph and a checkpoint as a SavedModel: the message is written last, so that there is none before it is whole. */
const toSavedModel: Convert = async (found, to, _, flags, terminal) => {
  const fs = await defaultFileSystem();
  const directory = to.replace(/\/+$/, "") || to;
  const there = await fs.stat(directory);
  if (there && !there.isDirectory) throw new OutputError(`${directory} is a file`);
  if (there && (await fs.list(directory)).length > 0 && !flags.force)
    throw new OutputError(
      `${directory} exists, and is not empty\nHint: --force overwrites the SavedModel in it.`,
    );
  const graph = await readGraphFile(
    found,
    terminal,
    found.kind === "saved-model" ? { tagSet: flags.tagSet } : {},
  );
  const def = withTags(graph, found.kind === "saved-model" ? undefined : flags.tagSet);
  const assets = await assetsFor(found, def, flags);
  const prefix = flags.checkpoint ?? checkpointBeside(found);
  const variables = getVariablesPath(directory);
  let tensors = 0;
  if (
    prefix !== undefined &&
    ((await fs.stat(`${prefix}.index`)) || (await fs.stat(prefix)) || flags.checkpoint !== undefined)
  ) {
    if (!def.saverDef)
      throw new TfError(
        "FAILED_PRECONDITION",
        `${found.path} has no SaverDef, so nothing could restore its variables`,
        {
          file: found.path,
          hint: "Freeze it instead (metagraph freeze), or save the .meta file with a Saver.",
        },
      );
    await outputting(directory, () => fs.makeDirectory(joinPath(directory, "variables")));
    await withProgress(to, terminal, flags, async (onProgress) => {
      const report = await convertCheckpoint(prefix, variables, { signal: terminal.signal, onProgress });
      tensors = report.tensors.length;
    });
  } else if (!flags.quiet)
    terminal.err("Note: there is no checkpoint beside the graph; the SavedModel has no variables.");
  for (const { name, source } of assets) {
    const bytes = await readFile(fs, source);
    const target = assetPath(directory, name);
    await outputting(directory, () => fs.makeDirectory(dirname(target)));
    await outputting(directory, () => atomicWrite(fs, target, bytes));
  }
  const model = new SavedModel({ savedModelSchemaVersion: 1n, metaGraphs: [def] });
  await outputting(directory, () => writeSavedModel(directory, model));
  return { nodes: def.graphDef?.node.length ?? 0, tensors };
};

/**
 * The files that the graph reads, where they are: in the folder that was named, or the SavedModel's own.
 * Throws OutputError where no folder is known; TfError NOT_FOUND for a file that is not in it, INVALID_ARGUMENT for a name that leads out of it.
 */
async function assetsFor(
  found: Identified,
  def: MetaGraphDef,
  flags: ConvertFlags,
): Promise<{ readonly name: string; readonly source: string }[]> {
  const names = [...new Set(savedAssets(def).map(({ filename }) => filename))];
  if (names.length === 0) return [];
  const folder = flags.assets ?? (found.kind === "saved-model" ? getAssetsDir(found.path) : undefined);
  if (folder === undefined)
    throw new OutputError(
      `The graph reads ${names.join(", ")}\nHint: --assets DIRECTORY says where that is.`,
    );
  const fs = await defaultFileSystem();
  return Promise.all(
    names.map(async (name) => {
      assetPath(folder, name);
      const source = joinPath(folder, name);
      if (!(await fs.stat(source))) throw fileError("ENOENT", source);
      return { name, source };
    }),
  );
}

/** The MetaGraph with tags: those that were asked for, its own, or "serve". */
function withTags({ def }: GraphFile, tagSet: string | undefined): MetaGraphDef {
  const own = def.metaInfoDef?.tags ?? [];
  const tags = tagSet?.split(",").map((tag) => tag.trim()) ?? (own.length > 0 ? own : ["serve"]);
  def.metaInfoDef ??= new MetaGraphDef.MetaInfoDef();
  def.metaInfoDef.tags = tags;
  return def;
}
