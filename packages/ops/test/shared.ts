// Where the reference files are that tests compare with: outside of the repository, hence not in every clone.
import { existsSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

const folder = process.env.METAGRAPH_SHARED ?? fileURLToPath(new URL("../../../../shared/", import.meta.url));

/** The reference folder, or undefined with a reason to skip. */
export const shared: string | undefined = existsSync(`${folder}/graphs`) ? folder : undefined;

/** Why tests of reference graphs are skipped, for their titles. */
export const sharedReason: string = shared ? "" : " (skipped: no reference files, set METAGRAPH_SHARED)";

/** A reference graph's nodes.txt. */
export function nodesText(name: string): string {
  return readFileSync(`${shared}/graphs/${name}/nodes.txt`, "utf8");
}

/** A reference graph's .meta. */
export function metaBytes(name: string): Uint8Array {
  return new Uint8Array(readFileSync(`${shared}/graphs/${name}/graph.meta`));
}
