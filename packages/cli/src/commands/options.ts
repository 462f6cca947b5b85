// Options that several commands have.
import { type Command, InvalidArgumentError, Option } from "commander";

/** A regular expression from the command line. Throws InvalidArgumentError where it is none. */
export function regularExpression(text: string): RegExp {
  try {
    return new RegExp(text, "u");
  } catch (error) {
    throw new InvalidArgumentError((error as Error).message);
  }
}

/** Which tensors to take. */
export interface FilterFlags {
  readonly include?: readonly RegExp[];
  readonly exclude?: readonly RegExp[];
}

const gather = (text: string, before: readonly RegExp[] = []): RegExp[] => [
  ...before,
  regularExpression(text),
];

/** Adds --include and --exclude. */
export const withFilter = (command: Command): Command =>
  command
    .addOption(
      new Option(
        "--include <regexp>",
        "take only tensors whose names match; may be given several times",
      ).argParser(gather),
    )
    .addOption(
      new Option(
        "--exclude <regexp>",
        "leave tensors out whose names match; may be given several times",
      ).argParser(gather),
    );

/** Whether a name passes. */
export function passes({ include, exclude }: FilterFlags): (name: string) => boolean {
  return (name) =>
    (include?.some((pattern) => pattern.test(name)) ?? true) &&
    !(exclude?.some((pattern) => pattern.test(name)) ?? false);
}

/** A list with commas, given once or several times. */
export const commaSeparated = (text: string, before: readonly string[] = []): string[] => [
  ...before,
  ...text
    .split(",")
    .map((part) => part.trim())
    .filter((part) => part !== ""),
];

/** Adds --force, --json, --quiet, for commands that write `what`. */
export const withOutputFlags = (command: Command, what = "the output"): Command =>
  command
    .option("-f, --force", `overwrite ${what}`)
    .option("--json", "one JSON document about what was done")
    .option("-q, --quiet", "say nothing");
