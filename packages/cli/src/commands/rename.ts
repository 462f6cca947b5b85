// `metagraph rename FROM TO`: the same checkpoint or graph with other names, by names or regular expressions.
import { nearestNames } from "@org/checkpoint";
import { isTfError, TfError } from "@org/errors";
import { defaultFileSystem, readFile } from "@org/io";
import { type Command, InvalidArgumentError, Option } from "commander";
import { graphBytes, isTextName, readGraphFile } from "../files/graph-file.ts";
import { type Identified, identify, kindNames } from "../files/identify.ts";
import { refuseOverwriting, writeOutput } from "../files/output.ts";
import { toJson } from "../json.ts";
import { withProgress } from "../progress.ts";
import { plannedNodes, renameGraph } from "../rename/rename-graph.ts";
import { nameRule, type RenameRule, renamer, rulesOfJson, substitutionRule } from "../rename/rules.ts";
import { holdsTensors, openTensors } from "../tensors/open-tensors.ts";
import {
  formatOfName,
  planTensors,
  refuseTensors,
  type TensorFormat,
  type Written,
  writeTensors,
} from "../tensors/write-tensors.ts";
import type { Terminal } from "../terminal.ts";
import { withOutputFlags } from "./options.ts";

interface RenameFlags {
  readonly dryRun?: boolean;
  readonly withGraph?: boolean;
  readonly keepKeys?: boolean;
  readonly force?: boolean;
  readonly json?: boolean;
  readonly quiet?: boolean;
}

/** What a renaming has to do. */
type RuleSource = { readonly rule: RenameRule; readonly exact?: string } | { readonly file: string };

/** Adds the command to the program. */
export function addRename(program: Command, terminal: Terminal): void {
  // In the order of the command line, whichever option they came by.
  const sources: RuleSource[] = [];
  const command = program
    .command("rename")
    .description(
      "Rename the tensors of a checkpoint, .npz or .safetensors file, or the nodes of a graph and all that names them.",
    )
    .argument("<from>", "a checkpoint's prefix, a .npz or .safetensors file, or a graph")
    .argument("<to>", "the same sort of file with the new names; not needed with --dry-run")
    .addOption(
      new Option(
        "-n, --name <old=new>",
        "a name, and all in the scope old/; may be given several times",
      ).argParser(
        (text: string) =>
          void sources.push({ rule: usage(nameRule, text), exact: text.slice(0, text.indexOf("=")) }),
      ),
    )
    .addOption(
      new Option(
        "-e, --expression <s/pattern/replacement/>",
        "as sed has it; may be given several times",
      ).argParser((text: string) => void sources.push({ rule: usage(substitutionRule, text) })),
    )
    .addOption(
      new Option("-m, --map <file>", 'a JSON file, { "old": "new" }, all at once').argParser(
        (file: string) => void sources.push({ file }),
      ),
    )
    .option("--with-graph", "of a checkpoint: the .meta file beside it, too")
    .option("--keep-keys", "of a graph: its Savers save and restore under the old names")
    .option("--dry-run", "print what would be renamed, and write nothing");
  // One may look before one says where to write.
  command.registeredArguments[1]!.required = false;
  withOutputFlags(command)
    .addHelpText(
      "after",
      `
Examples:
  metagraph rename model-100 new -n hidden1=layer1 --dry-run
  metagraph rename model-100 new -n hidden1=layer1 --with-graph
  metagraph rename model-100.meta new.meta -e 's/^tower_(\\d)/gpu\\1/'
  metagraph rename model-100 new -m names.json`,
    )
    .action(async (from: string, to: string | undefined, flags: RenameFlags) => {
      if (sources.length === 0) command.error("error: no rule: give -n, -e or -m");
      if (to === undefined && !flags.dryRun) command.error("error: missing required argument 'to'");
      const rules = await rulesOf(sources);
      const found = await identify(from);
      const exact = sources.flatMap((source) => ("exact" in source && source.exact ? [source.exact] : []));
      const job = { found, to: to ?? "", rename: renamer(rules), exact, flags, terminal };
      const renamed = await (holdsTensors(found) ? renameTensors(job) : renameNodes(job));
      if (flags.quiet) return;
      if (flags.json)
        terminal.out(
          toJson({ from, ...(to === undefined ? {} : { to }), dryRun: flags.dryRun ?? false, renamed }),
        );
      else if (flags.dryRun)
        terminal.out(renamed.map(({ from, to }) => `${from} -> ${to}`).join("\n") || "(nothing)");
      else terminal.err(`${to}: ${renamed.length} renamed`);
    });
}

/** A rule from the command line; what is wrong with it is wrong usage. */
function usage(rule: (text: string) => RenameRule, text: string): RenameRule {
  try {
    return rule(text);
  } catch (error) {
    if (isTfError(error)) throw new InvalidArgumentError(error.message);
    throw error;
  }
}

async function rulesOf(sources: readonly RuleSource[]): Promise<RenameRule[]> {
  const rules: RenameRule[] = [];
  for (const source of sources) {
    if ("rule" in source) rules.push(source.rule);
    else {
      const bytes = await readFile(await defaultFileSystem(), source.file);
      rules.push(...rulesOfJson(new TextDecoder().decode(bytes), source.file));
    }
  }
  return rules;
}

interface Job {
  readonly found: Identified;
  readonly to: string;
  readonly rename: (name: string) => string;
  /** Names that a rule gives as they are. */
  readonly exact: readonly string[];
  readonly flags: RenameFlags;
  readonly terminal: Terminal;
}

/** Throws TfError NOT_FOUND where a rule names what is not there. */
function checkExact(exact: readonly string[], names: readonly string[], path: string): void {
  for (const name of exact) {
    if (names.some((other) => other === name || other.startsWith(`${name}/`))) continue;
    const near = nearestNames(name, names);
    throw new TfError("NOT_FOUND", `There is no ${name} in ${path}`, {
      key: name,
      file: path,
      ...(near.length > 0
        ? { hint: `There is ${near.map((other) => JSON.stringify(other)).join(", ")}.` }
        : {}),
    });
  }
}

async function renameTensors({ found, to, rename, exact, flags, terminal }: Job): Promise<Written[]> {
  await using source = await openTensors(found, terminal.signal);
  const names = source.entries.map(({ name }) => name);
  checkExact(exact, names, found.path);
  const changed = planTensors(source, { rename }).filter((one) => one.from !== one.to);
  const graph = flags.withGraph ? await identify(`${found.path}.meta`) : undefined;
  const toGraph = { found: graph!, to: `${to}.meta`, rename, exact: [], flags, terminal };
  if (flags.dryRun) return graph ? [...changed, ...(await renameNodes(toGraph))] : changed;
  const format: TensorFormat =
    source.format.startsWith("V1") && formatOfName(to) === "v2" ? "v1" : formatOfName(to);
  await refuseTensors(to, format, flags);
  if (graph) await refuseOverwriting(toGraph.to, flags);
  await withProgress(to, terminal, flags, (onProgress) =>
    writeTensors(source, to, format, { rename, signal: terminal.signal, onProgress }),
  );
  if (graph) await renameNodes(toGraph);
  return changed;
}

async function renameNodes({ found, to, rename, exact, flags, terminal }: Job): Promise<Written[]> {
  if (found.kind !== "graph")
    throw new TfError(
      "UNIMPLEMENTED",
      `${found.path} is ${kindNames[found.kind]}; names are changed in graphs and files of tensors`,
      {
        file: found.path,
        hint: "`metagraph convert` makes a .meta file and a checkpoint of a SavedModel.",
      },
    );
  const graph = await readGraphFile(found, terminal);
  checkExact(
    exact,
    (graph.def.graphDef?.node ?? []).map(({ name }) => name),
    found.path,
  );
  if (flags.dryRun) return plannedNodes(graph.def, rename);
  await refuseOverwriting(to, flags);
  const renamed = renameGraph(graph.def, rename, { keys: !flags.keepKeys });
  await writeOutput(to, await graphBytes(graph, to === "-" ? graph.text : isTextName(to)), terminal);
  return renamed;
}
