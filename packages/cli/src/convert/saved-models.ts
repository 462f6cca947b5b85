// SavedModels into .meta files and checkpoints, and back.
import { convertCheckpoint } from "@org/checkpoint";
import { TfError } from "@org/errors";
import { atomicWrite, defaultFileSystem, dirname, fileError, joinPath, readFile } from "@org/io";
import { MetaGraphDef, SavedModel } from "@org/proto";
import { assetPath, getAssetsDir, getVariablesPath, savedAssets, writeSavedModel } from "@org/saved-model";
import { OutputError } from "../exit-codes.ts";
import { checkpointBeside, type GraphFile, graphBytes, readGraphFile } from "../files/graph-file.ts";
import type { Identified } from "../files/identify.ts";
import { outputting, refuseOverwriting, refuseOverwritingCheckpoint, writeOutput } from "../files/output.ts";
import { withProgress } from "../progress.ts";
import type { Convert, ConvertFlags } from "./conversion.ts";

/** The SavedModel's MetaGraph as a .meta file, its variables as a checkpoint beside it. */
export const fromSavedModel: Convert = async (found, to, _, flags, terminal) => {
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
export const toSavedModel: Convert = async (found, to, _, flags, terminal) => {
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
