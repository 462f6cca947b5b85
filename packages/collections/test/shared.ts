// Where the golden files lie, if they do: METAGRAPH_SHARED, or beside the repository.
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { decode, MetaGraphDef } from "@org/proto";

const beside = fileURLToPath(new URL("../../../../shared", import.meta.url));
/** The folder, or undefined in a clone without it. */
export const shared: string | undefined = [process.env.METAGRAPH_SHARED, beside].find(
  (path) => path !== undefined && existsSync(join(path, "golden")),
);

/** Every .meta under `golden` and `graphs`, as paths from `shared`. */
export function metaFiles(): string[] {
  if (shared === undefined) return [];
  return ["golden", "graphs"].flatMap((folder) =>
    readdirSync(join(shared!, folder), { recursive: true })
      .map((name) => join(folder, String(name)))
      .filter((name) => name.endsWith(".meta"))
      .sort(),
  );
}

export function readMeta(name: string): MetaGraphDef {
  return decode(MetaGraphDef, readFileSync(join(shared!, name)));
}
