// What a FileSystem that cannot be written to says to whoever tries.
import { fileError } from "./file-errors.ts";
import type { FileSystem } from "./file-system.ts";

type Changes = "create" | "rename" | "remove" | "makeDirectory" | "removeDirectory";

/** The operations that change files, each throwing TfError PERMISSION_DENIED "<path>; Read-only file system". */
export function refuseChanges(): Pick<FileSystem, Changes | "readOnly"> {
  const refuse = async (path: string): Promise<never> => {
    throw fileError("EROFS", path);
  };
  return {
    readOnly: true,
    create: refuse,
    rename: refuse,
    remove: refuse,
    makeDirectory: refuse,
    removeDirectory: refuse,
  };
}
