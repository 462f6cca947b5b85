// Where the golden files lie: METAGRAPH_SHARED, or the folder `shared` beside the repository. A clone alone has none.
import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

/** The folder of golden files. */
export const shared: string =
  process.env.METAGRAPH_SHARED ?? fileURLToPath(new URL("../../../../shared", import.meta.url));

/** Whether it is there; a test that needs it skips otherwise. */
export const hasShared: boolean = existsSync(shared);

/** Paths of files under `folder` whose name ends in `suffix`. */
export function filesUnder(folder: string, suffix: string): string[] {
  if (!existsSync(join(shared, folder))) return [];
  return readdirSync(join(shared, folder), { recursive: true })
    .map((name) => join(shared, folder, String(name)))
    .filter((name) => name.endsWith(suffix))
    .sort();
}
