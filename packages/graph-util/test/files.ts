// Files of tests.
import type { FileSystem } from "@org/io";

/** Writes a file. */
export async function writeFile(fs: FileSystem, path: string, content: Uint8Array | string): Promise<void> {
  const sink = await fs.create(path);
  await sink.write(typeof content === "string" ? new TextEncoder().encode(content) : content);
  await sink.close();
}
