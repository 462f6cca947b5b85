// The directory that a checkpoint is written into: made where it is missing, one level and no more, as TensorFlow's CreateDir does.
import type { FileSystem } from "@org/io";

/** Makes the directory of the files with this prefix, if the one above it is there. */
export async function makeParentDirectory(fs: FileSystem, prefix: string): Promise<void> {
  const slash = prefix.lastIndexOf("/");
  const directory = slash > 0 ? prefix.slice(0, slash) : "";
  const above = directory.slice(0, Math.max(0, directory.lastIndexOf("/")));
  if (directory && !(await fs.stat(directory)) && (above === "" || (await fs.stat(above))))
    await fs.makeDirectory(directory);
}
