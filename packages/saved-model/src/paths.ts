// Where things lie in an export directory. Source: python/saved_model/utils_impl.py (get_variables_path, get_assets_dir).
import { TfError } from "@org/errors";
import { joinPath } from "@org/io";
import * as names from "./constants.ts";

/** The directory of the checkpoint: "<exportDir>/variables". */
export const getVariablesDir = (exportDir: string): string => joinPath(exportDir, names.VARIABLES_DIRECTORY);

/** The prefix of the checkpoint: "<exportDir>/variables/variables". */
export const getVariablesPath = (exportDir: string): string =>
  joinPath(getVariablesDir(exportDir), names.VARIABLES_FILENAME);

/** The directory of assets: "<exportDir>/assets". */
export const getAssetsDir = (exportDir: string): string => joinPath(exportDir, names.ASSETS_DIRECTORY);

/**
 * The path of an asset. A name from a stranger's file must not lead out of the assets directory.
 * Throws TfError INVALID_ARGUMENT for an absolute name, one with a ".", ".." or empty part or a NUL, and an empty one.
 */
export function assetPath(exportDir: string, filename: string): string {
  const parts = filename.split(/[/\\]/);
  const stays =
    filename !== "" &&
    !filename.includes("\0") &&
    !/^([/\\]|[A-Za-z]:)/.test(filename) &&
    parts.every((part) => part !== ".." && part !== "." && part !== "");
  if (!stays)
    throw new TfError(
      "INVALID_ARGUMENT",
      `Asset file name ${JSON.stringify(filename)} does not stay in the assets directory`,
      { file: exportDir, hint: "The SavedModel is damaged, or was made to reach other files." },
    );
  return joinPath(getAssetsDir(exportDir), filename);
}
