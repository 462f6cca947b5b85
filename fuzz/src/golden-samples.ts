// Samples that TensorFlows wrote: golden files, in a folder `shared` beside the repository. None where it is not there.
import { existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import { basename, dirname, join, relative } from "node:path";
import { type Form, type Kind, longestSample, type Sample } from "./sample.ts";

/** By name: what kind of sample a file begins, how it is built, and the path that the reader takes, where that is not the file's. */
const kinds: readonly [RegExp, Kind, Form][] = [
  [/\.meta$/, "metaGraph", "proto"],
  [/\.pbtxt$/, "graphDef", "text"],
  [/saved_model\.pbtxt$/, "savedModel", "text"],
  [/saved_model\.pb$/, "savedModel", "proto"],
  [/\/(frozen|optimized|stripped|model|removed_training|quantized)\.pb$/, "graphDef", "proto"],
  [/\.index$/, "checkpoint", "table"],
  [/v1_(basic|sharded)\/model\.ckpt/, "checkpoint", "table"],
  [/tfevents/, "events", "records"],
  [/\.gzip\.tfrecord$/, "records", "gzip"],
  [/\.zlib\.tfrecord$/, "records", "zlib"],
  [/\.plain\.tfrecord$/, "records", "records"],
  [/\/checkpoint$/, "state", "text"],
];

function* filesBelow(folder: string): Generator<string> {
  for (const entry of readdirSync(folder, { withFileTypes: true }).sort((a, b) =>
    a.name < b.name ? -1 : 1,
  )) {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) yield* filesBelow(path);
    else if (entry.isFile()) yield path;
  }
}

function sampleOf(shared: string, path: string): Sample | undefined {
  const found = kinds.findLast(([name]) => name.test(path));
  if (!found || statSync(path).size > longestSample || statSync(path).size === 0) return undefined;
  const [, kind, form] = found;
  const name = relative(shared, path);
  const at = basename(path);
  const files: Record<string, { form: Form; bytes: Uint8Array }> = {
    [at]: { form, bytes: new Uint8Array(readFileSync(path)) },
  };
  if (kind === "state") return { name, kind, path: ".", files };
  if (kind === "savedModel") {
    const folder = join(dirname(path), "variables");
    const beside = existsSync(folder) ? readdirSync(folder) : [];
    for (const other of beside) {
      const bytes = new Uint8Array(readFileSync(join(folder, other)));
      if (bytes.length > longestSample) return undefined;
      files[`variables/${other}`] = { form: other.endsWith(".index") ? "table" : "bytes", bytes };
    }
    return { name, kind, path: ".", files };
  }
  if (kind !== "checkpoint" || form !== "table" || !at.endsWith(".index"))
    return { name, kind, path: at, files };
  const prefix = at.slice(0, -".index".length);
  for (const other of readdirSync(dirname(path))) {
    if (!other.startsWith(`${prefix}.data-`)) continue;
    const data = readFileSync(join(dirname(path), other));
    if (data.length > longestSample) return undefined;
    files[other] = { form: "bytes", bytes: new Uint8Array(data) };
  }
  return { name, kind, path: prefix, files };
}

/** Those that are short enough. */
export function goldenSamples(shared: string): Sample[] {
  const samples: Sample[] = [];
  for (const part of ["formats", "golden", "graphs"]) {
    if (!existsSync(join(shared, part))) continue;
    for (const path of filesBelow(join(shared, part))) {
      const sample = sampleOf(shared, path);
      if (sample) samples.push(sample);
    }
  }
  return samples;
}
