// The command as a program that calls it sees it.
import { fileURLToPath } from "node:url";
import { main } from "../src/index.ts";

export interface Outcome {
  readonly status: number;
  readonly out: string;
  readonly err: string;
  readonly bytes: Uint8Array;
}

/** Runs `metagraph` with these arguments, what stands on its input, and an AbortSignal for Ctrl-C. */
export async function run(
  args: readonly string[],
  options: { readonly input?: Uint8Array; readonly signal?: AbortSignal } = {},
): Promise<Outcome> {
  const out: string[] = [];
  const err: string[] = [];
  let bytes = new Uint8Array();
  const status = await main(args, {
    out: (text) => void out.push(text),
    err: (text) => void err.push(text),
    bytes(chunk) {
      bytes = new Uint8Array(chunk);
    },
    input: async () => options.input ?? new Uint8Array(),
    ...(options.signal ? { signal: options.signal } : {}),
  });
  return { status, out: out.join("\n"), err: err.join("\n"), bytes };
}

/** The path of a file in test/fixtures, or of a checkpoint's prefix. */
export const fixture = (name: string): string => fileURLToPath(new URL(`fixtures/${name}`, import.meta.url));
