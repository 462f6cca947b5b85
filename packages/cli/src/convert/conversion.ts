// What the conversions of `metagraph convert` have in common.
import type { FilterFlags } from "../commands/options.ts";
import type { Identified } from "../files/identify.ts";
import { type TensorFormat, tensorFormats } from "../tensors/write-tensors.ts";
import type { Terminal } from "../terminal.ts";

/** What a conversion may lead to. */
export type Target = TensorFormat | "binary" | "text" | "meta" | "graph" | "saved-model" | "model";
export const targets: readonly Target[] = [
  ...tensorFormats,
  "binary",
  "text",
  "meta",
  "graph",
  "saved-model",
  "model",
];

export interface ConvertFlags extends FilterFlags {
  readonly to?: Target;
  readonly checkpoint?: string;
  readonly tagSet?: string;
  readonly assets?: string;
  readonly compress?: boolean;
  readonly force?: boolean;
  readonly json?: boolean;
  readonly quiet?: boolean;
}

/** What was done, for people and programs. */
export interface Done {
  readonly tensors?: number;
  readonly nodes?: number;
  readonly message?: string;
}

/** One conversion. */
export type Convert = (
  found: Identified,
  to: string,
  target: Target,
  flags: ConvertFlags,
  terminal: Terminal,
) => Promise<Done>;
