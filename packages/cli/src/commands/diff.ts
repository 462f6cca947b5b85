// `metagraph diff A B`: what differs between two graphs, or two files of tensors, by what it means. Exit status 1 where there is a difference.
import { type Command, InvalidArgumentError, Option } from "commander";
import { diffGraphs, type FieldChange, type GraphDiff, type ItemDiff, isEmpty } from "../diff/graph-diff.ts";
import { diffTensors, type TensorDiff, typeOf } from "../diff/tensor-diff.ts";
import { DifferenceFound, OutputError } from "../exit-codes.ts";
import { checkpointBeside, readGraphFile } from "../files/graph-file.ts";
import { type Identified, identify, kindNames } from "../files/identify.ts";
import { toJson } from "../json.ts";
import { withProgress } from "../progress.ts";
import { holdsTensors, openTensors } from "../tensors/open-tensors.ts";
import type { Terminal } from "../terminal.ts";
import { type FilterFlags, passes, withFilter } from "./options.ts";

interface DiffFlags extends FilterFlags {
  readonly tolerance: number;
  readonly tagSet?: string;
  readonly json?: boolean;
  readonly quiet?: boolean;
}

/** Adds the command to the program. */
export function addDiff(program: Command, terminal: Terminal): void {
  const command = program
    .command("diff")
    .description(
      "Say what differs between two graphs (nodes, attributes, collections, signatures) or two files of tensors (names, types, values).",
    )
    .argument("<a>", "a graph, a checkpoint's prefix, a .npz or .safetensors file, a SavedModel's directory")
    .argument("<b>", "another of the same sort")
    .addOption(
      new Option("--tolerance <number>", "numbers that are no farther apart are the same")
        .argParser(notNegative)
        .default(0),
    )
    .option("--tag-set <tags>", "the MetaGraph of SavedModels of several");
  withFilter(command)
    .option("--json", "one JSON document")
    .option("-q, --quiet", "say nothing; the exit status says whether there is a difference")
    .addHelpText(
      "after",
      "\nExamples:\n  metagraph diff model-100.meta model-200.meta\n  metagraph diff model-100 model-200 --tolerance 1e-6 --exclude Momentum\n\nExit status: 0 the same, 1 different.",
    )
    .action(async (a: string, b: string, flags: DiffFlags) => {
      const [left, right] = [await identify(a), await identify(b)];
      const graphs = isGraph(left) && isGraph(right);
      const tensors = !graphs && hasTensors(left) && hasTensors(right);
      if (!graphs && !tensors)
        throw new OutputError(
          `${a} is ${kindNames[left.kind]}, ${b} is ${kindNames[right.kind]}\nHint: Two graphs are compared, or two files of tensors.`,
        );
      const { text, json, same } = graphs
        ? await compareGraphs(left, right, flags, terminal)
        : await compareTensors(left, right, flags, terminal);
      if (flags.json) terminal.out(toJson({ a, b, same, ...json }));
      else if (!flags.quiet && text !== "") terminal.out(text);
      if (!same) throw new DifferenceFound();
    });
}

function notNegative(text: string): number {
  const number = Number(text);
  if (!(number >= 0)) throw new InvalidArgumentError("It is a number that is not negative.");
  return number;
}

const isGraph = ({ kind }: Identified): boolean => kind === "graph" || kind === "saved-model";
const hasTensors = (found: Identified): boolean => holdsTensors(found) || found.kind === "saved-model";

interface Compared {
  readonly text: string;
  readonly json: object;
  readonly same: boolean;
}

async function compareGraphs(
  a: Identified,
  b: Identified,
  flags: DiffFlags,
  terminal: Terminal,
): Promise<Compared> {
  const tags = { tagSet: flags.tagSet };
  const [left, right] = [await readGraphFile(a, terminal, tags), await readGraphFile(b, terminal, tags)];
  const diff = diffGraphs(left.def, right.def);
  const { ops: _, ...nodes } = diff.nodes;
  return { text: graphText(diff).join("\n"), json: { ...diff, nodes }, same: isEmpty(diff) };
}

function graphText({ nodes, functions, collections, signatures, other }: GraphDiff): string[] {
  const sort = (
    noun: string,
    { removed, added, changed }: ItemDiff,
    detail = (_: string) => "",
  ): string[] => [
    ...removed.map((name) => `- ${noun} ${name}${detail(name)}`),
    ...added.map((name) => `+ ${noun} ${name}${detail(name)}`),
    ...changed.flatMap(({ name, changes }) => [
      `~ ${noun} ${name}`,
      ...changes.map((change) => `    ${changeText(change)}`),
    ]),
  ];
  return [
    ...other.map((change) => `~ ${changeText(change)}`),
    ...sort("node", nodes, (name) => ` (${nodes.ops[name]})`),
    ...sort("function", functions),
    ...sort("collection", collections),
    ...sort("signature", signatures),
  ];
}

const changeText = ({ field, from, to }: FieldChange): string =>
  `${field}: ${from === null ? "none" : from || '""'} -> ${to === null ? "none" : to || '""'}`;

async function compareTensors(
  a: Identified,
  b: Identified,
  flags: DiffFlags,
  terminal: Terminal,
): Promise<Compared> {
  await using left = await openTensors(tensorsOf(a), terminal.signal);
  await using right = await openTensors(tensorsOf(b), terminal.signal);
  const diff = await withProgress("comparing", terminal, flags, (onProgress) =>
    diffTensors(left, right, {
      filter: passes(flags),
      tolerance: flags.tolerance,
      signal: terminal.signal,
      onProgress,
    }),
  );
  const same = diff.added.length + diff.removed.length + diff.changed.length === 0;
  return { text: tensorText(diff).join("\n"), json: diff, same };
}

const tensorsOf = (found: Identified): Identified =>
  found.kind === "saved-model" ? { kind: "checkpoint", path: checkpointBeside(found)! } : found;

const tensorText = ({ removed, added, changed }: TensorDiff): string[] => [
  ...removed.map((entry) => `- tensor ${entry.name} (${typeOf(entry)})`),
  ...added.map((entry) => `+ tensor ${entry.name} (${typeOf(entry)})`),
  ...changed.map(({ name, from, to, differing, elements, maxAbsDifference }) =>
    from === undefined
      ? `~ tensor ${name}: ${differing} of ${elements} elements differ${maxAbsDifference === undefined ? "" : `, by ${Number(maxAbsDifference.toPrecision(6))} at most`}`
      : `~ tensor ${name}: ${from} -> ${to}`,
  ),
];
