// The SavedModels of the golden files: where they lie, what is expected of them, and their files in memory.
import { existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { type FileSystem, memoryFileSystem } from "@org/io";
import { type NdArray, ndArray, readNpy } from "@org/tensor";

export const shared: string = process.env.METAGRAPH_SHARED ?? join(import.meta.dirname, "../../../../shared");

export interface ExpectedTensor {
  readonly dtype: string;
  readonly shape: number[];
  readonly value?: string;
  readonly strings?: string[];
  readonly hex?: string;
}

interface ExpectedInfo {
  readonly name: string;
  readonly dtype: string;
  readonly shape: number[] | null;
}

export interface ExpectedRun {
  readonly signature: string;
  readonly feed: Readonly<Record<string, ExpectedTensor>>;
  readonly fetch: Readonly<Record<string, ExpectedTensor>>;
}

export interface ExpectedMetaGraph {
  readonly tags: string[];
  readonly nodes: number;
  readonly functions: number;
  readonly tensorflow_version: string;
  readonly stripped_default_attrs: boolean;
  readonly attrs: number;
  readonly saver: { restore: string; filename: string; sharded: boolean; version: number };
  readonly object_graph_nodes: number;
  readonly collections: Readonly<Record<string, string>>;
  readonly asset_file_def: { tensor: string; filename: string }[];
  readonly saved_model_assets: { tensor: string; filename: string }[];
  readonly signatures: Readonly<
    Record<
      string,
      {
        method_name: string;
        inputs: Readonly<Record<string, ExpectedInfo>>;
        outputs: Readonly<Record<string, ExpectedInfo>>;
      }
    >
  >;
  readonly runs: ExpectedRun[];
}

export interface GoldenModel {
  readonly version: string;
  readonly name: string;
  readonly folder: string;
  readonly file: string;
  readonly files: string[];
  readonly schema_version: number;
  readonly deterministic_sha256: string;
  readonly assets: Readonly<Record<string, string>>;
  readonly meta_graphs: ExpectedMetaGraph[];
  readonly tol: number;
}

/** Every SavedModel of the golden files; none where they are not there. */
export function goldenModels(): GoldenModel[] {
  const formats = join(shared, "formats");
  if (!existsSync(formats)) return [];
  return readdirSync(formats).flatMap((version) => {
    const expectation = join(formats, version, "saved_model", "expect.json");
    if (!existsSync(expectation)) return [];
    const { models } = JSON.parse(readFileSync(expectation, "utf8")) as { models: Record<string, object> };
    return Object.entries(models).map(
      ([name, rest]) =>
        ({ ...rest, version, name, folder: join(formats, version, "saved_model") }) as GoldenModel,
    );
  });
}

/** The files of a model in memory, below "model/". */
export function inMemory(model: GoldenModel): FileSystem {
  const root = join(model.folder, model.name);
  const names = readdirSync(root, { recursive: true, encoding: "utf8" });
  return memoryFileSystem(
    Object.fromEntries(
      names
        .filter((name) => statSync(join(root, name)).isFile())
        .map((name) => [`model/${name}`, new Uint8Array(readFileSync(join(root, name)))]),
    ),
  );
}

/** A recorded tensor. */
export function recorded(model: GoldenModel, tensor: ExpectedTensor): NdArray {
  if (tensor.value) return readNpy(readFileSync(join(model.folder, tensor.value)));
  if (tensor.strings)
    return ndArray(
      "string",
      tensor.shape,
      tensor.strings.map((text) => Uint8Array.from(Buffer.from(text, "latin1"))),
    );
  const bytes = Uint8Array.from(Buffer.from(tensor.hex!, "hex"));
  return { dtype: tensor.dtype, shape: tensor.shape, data: new Float32Array(bytes.buffer) } as NdArray;
}
