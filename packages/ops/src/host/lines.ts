// The lines of a file, piece by piece. Source: core/lib/io/inputbuffer.cc.
import type { FileSystem } from "@org/io";

const chunkBytes = 262144;

/** Lines without their ends; carriage returns are dropped wherever they are. */
export async function* linesOf(
  fs: FileSystem,
  path: string,
  signal?: AbortSignal,
): AsyncGenerator<{ readonly line: Uint8Array; readonly end: number }> {
  const source = await fs.open(path);
  try {
    let begun: number[] = [];
    for (let at = 0; at < source.size; at += chunkBytes) {
      const bytes = await source.read(at, Math.min(source.size, at + chunkBytes), signal ? { signal } : {});
      for (let i = 0; i < bytes.length; i++) {
        const byte = bytes[i]!;
        if (byte === 0x0a) {
          yield { line: Uint8Array.from(begun), end: at + i + 1 };
          begun = [];
        } else if (byte !== 0x0d) begun.push(byte);
      }
    }
    if (begun.length > 0) yield { line: Uint8Array.from(begun), end: source.size };
  } finally {
    await source.close();
  }
}
