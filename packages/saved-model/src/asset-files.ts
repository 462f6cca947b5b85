// Files that a graph reads and that go along with it: their names within a SavedModel, and copying them there, in pieces.
// Source: python/saved_model/builder_impl.py (_maybe_save_assets, get_asset_filename_to_add, copy_assets_to_destination_dir).
import { TfError } from "@org/errors";
import { constantValue, isTensor, type Tensor } from "@org/graph";
import { type ByteSource, basename, type FileSystem, fileExists, localPath } from "@org/io";
import { toStrings } from "@org/tensor";
import { assetPath, getAssetsDir } from "./paths.ts";

/** An asset as the graph names it. */
export interface NamedAsset {
  /** The name of the constant that holds the path: "asset_path:0". */
  readonly tensorName: string;
  /** The name in the assets directory. */
  readonly filename: string;
}

/** Assets of one MetaGraph: as tensors name them, and from where each file is to be copied. */
export interface AssetPlan {
  readonly assets: readonly NamedAsset[];
  readonly sources: ReadonlyMap<string, string>;
}

/** Bytes that are in memory at a time while files are compared or copied. */
const pieceBytes = 1 << 20;

/**
 * The path that an asset tensor holds. Throws a TypeError where it is no constant string scalar ("Asset path tensor must be ...").
 */
export function assetPathOf(tensor: unknown): string {
  if (!isTensor(tensor)) throw new TypeError("Asset path tensor must be a Tensor.");
  if (tensor.op.type !== "Const") throw new TypeError("Asset path tensor must be of type constant.");
  if (tensor.dtype !== "string") throw new TypeError("Asset path tensor must be of dtype string.");
  const value = constantValue(tensor);
  const strings = value ? toStrings(value) : [];
  if (strings.length !== 1) throw new TypeError("Asset path tensor must be a scalar.");
  return strings[0]!;
}

/**
 * Gives each asset a file name: the last part of its path; where that is taken by a file with other content, with "_1", "_2" ... behind it.
 * Looks whether the files that will have to be copied can be read.
 * Throws a TypeError for what is no asset tensor, TfError INVALID_ARGUMENT "Invalid asset filepath tensor ..." for a path that names no file,
 * NOT_FOUND for a missing file, FAILED_PRECONDITION for a directory.
 */
export async function planAssets(
  exportDir: string,
  tensors: readonly Tensor[],
  fs: FileSystem,
  signal?: AbortSignal,
): Promise<AssetPlan> {
  const assets: NamedAsset[] = [];
  const sources = new Map<string, string>();
  for (const tensor of tensors) {
    const path = assetPathOf(tensor);
    const name = basename(path);
    if (name === "" || name === "." || name === "..")
      throw new TfError("INVALID_ARGUMENT", `Invalid asset filepath tensor ${String(tensor)}`, {
        node: tensor.op.name,
        op: tensor.op.type,
        hint: `Its value is ${JSON.stringify(path)}, which names no file.`,
      });
    const filename = await freeName(name, path, sources, fs, signal);
    assets.push({ tensorName: tensor.name, filename });
    sources.set(filename, path);
    if (!(await fileExists(fs, localPath(assetPath(exportDir, filename)))))
      await withFile(fs, path, async () => {});
  }
  return { assets, sources };
}

async function freeName(
  name: string,
  path: string,
  sources: ReadonlyMap<string, string>,
  fs: FileSystem,
  signal: AbortSignal | undefined,
): Promise<string> {
  const other = sources.get(name);
  if (other === undefined || other === path || (await sameContent(fs, path, other, signal))) return name;
  let free = name;
  // As TensorFlow: whether an earlier copy under a counted name is the same file is not asked.
  for (let i = 1; sources.has(free); i++) free = `${name}_${i}`;
  return free;
}

async function withFile<R>(fs: FileSystem, path: string, use: (file: ByteSource) => Promise<R>): Promise<R> {
  const file = await fs.open(localPath(path));
  try {
    return await use(file);
  } finally {
    await file.close();
  }
}

async function* piecesOf(file: ByteSource, signal: AbortSignal | undefined): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < file.size; at += pieceBytes) {
    if (signal?.aborted)
      throw new TfError("CANCELLED", "Copying assets was cancelled.", { cause: signal.reason });
    yield await file.read(at, Math.min(at + pieceBytes, file.size), signal ? { signal } : {});
  }
}

/** Whether two files hold the same bytes. As file_io.filecmp. */
function sameContent(
  fs: FileSystem,
  a: string,
  b: string,
  signal: AbortSignal | undefined,
): Promise<boolean> {
  return withFile(fs, a, (left) =>
    withFile(fs, b, async (right) => {
      if (left.size !== right.size) return false;
      const others = piecesOf(right, signal);
      for await (const piece of piecesOf(left, signal)) {
        const other = (await others.next()).value as Uint8Array;
        if (!piece.every((byte, i) => byte === other[i])) return false;
      }
      return true;
    }),
  );
}

/**
 * Copies the files of a plan into the assets directory. A name that is there already stays as it is: of an asset that several MetaGraphs
 * have, the first is kept. No file is ever seen half copied. Throws TfError NOT_FOUND where a source is missing, CANCELLED.
 */
export async function copyAssets(
  exportDir: string,
  sources: ReadonlyMap<string, string>,
  fs: FileSystem,
  signal?: AbortSignal,
): Promise<void> {
  if (sources.size === 0) return;
  const directory = localPath(getAssetsDir(exportDir));
  if (!(await fs.stat(directory))) await fs.makeDirectory(directory);
  for (const [filename, source] of sources) {
    const target = localPath(assetPath(exportDir, filename));
    if (await fileExists(fs, target)) continue;
    await withFile(fs, source, async (file) => {
      const sink = await fs.create(target);
      try {
        for await (const piece of piecesOf(file, signal)) await sink.write(piece);
        await sink.close();
      } catch (error) {
        await sink.abort();
        throw error;
      }
    });
  }
  await fs.syncDirectory?.(directory);
}
