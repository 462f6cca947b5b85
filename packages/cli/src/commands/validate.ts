// `metagraph validate FILE...`: reads everything in the files and lists all problems. Exit status 65 where there is one.
import { isTfError } from "@org/errors";
import type { Command } from "commander";
import { exitCodeOf, exitCodes, ProblemsFound } from "../exit-codes.ts";
import { identify } from "../files/identify.ts";
import { toJson } from "../json.ts";
import { withProgress } from "../progress.ts";
import type { Terminal } from "../terminal.ts";
import { type Problem, problemOf, type Report } from "../validate/problem.ts";
import { validate } from "../validate/validate.ts";

interface ValidateFlags {
  readonly strict?: boolean;
  readonly json?: boolean;
  readonly quiet?: boolean;
}

/** Adds the command to the program. */
export function addValidate(program: Command, terminal: Terminal): void {
  program
    .command("validate")
    .description(
      "Check files: every checksum, every tensor, every node, collection and signature; of .meta files, checkpoints, SavedModels, records, events, .npz, .safetensors.",
    )
    .argument(
      "<files...>",
      "any files, checkpoints' prefixes, SavedModels' directories; - is a graph on standard input",
    )
    .option("--strict", "warnings are problems, too: ops that nobody knows, collections that are left out")
    .option("--json", "one JSON document")
    .option("-q, --quiet", "say nothing; the exit status says whether all is well")
    .addHelpText(
      "after",
      "\nExamples:\n  metagraph validate model-10000 model-10000.meta\n  metagraph validate export/1 train.tfrecord --strict\n\nExit status: 0 all is well, 65 there is a problem, 66 all that is wrong is that a file is missing.",
    )
    .action(async (files: string[], flags: ValidateFlags) => {
      const reports: { file: string; report: Report }[] = [];
      let missing = 0;
      for (const file of files) {
        try {
          const found = await identify(file);
          const report = await withProgress(file, terminal, flags, (onProgress) =>
            validate(found, terminal, onProgress),
          );
          reports.push({ file, report });
        } catch (error) {
          if (isTfError(error) && exitCodeOf(error) === exitCodes.noInput) missing++;
          reports.push({ file, report: { checked: "nothing", problems: [problemOf(error, file)] } });
        }
      }
      const bad = (problem: Problem): boolean => problem.severity === "error" || Boolean(flags.strict);
      const failing = reports.filter(({ report }) => report.problems.some(bad));
      if (flags.json)
        terminal.out(
          toJson({
            ok: failing.length === 0,
            files: reports.map(({ file, report }) => ({ file, ...report })),
          }),
        );
      else if (!flags.quiet) for (const { file, report } of reports) terminal.out(textOf(file, report));
      if (failing.length > 0) throw new ProblemsFound(failing.length === missing);
    });
}

function textOf(file: string, { checked, problems }: Report): string {
  if (problems.length === 0) return `${file}: ok (${checked})`;
  return [
    `${file}: ${problems.length} ${problems.length === 1 ? "problem" : "problems"} (${checked})`,
    ...problems.map(
      ({ place, message, severity, hint }) =>
        `  ${severity}${place === undefined ? "" : ` at ${place}`}: ${message}${hint === undefined ? "" : `\n    Hint: ${hint}`}`,
    ),
  ].join("\n");
}
