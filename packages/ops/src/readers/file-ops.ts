// tf.read_file, tf.write_file, tf.matching_files. Files are reached only through the session's file system.
// Source: core/ops/io_ops.cc, core/kernels/{whole_file_read_ops,matching_files_op}.cc.
import type { Operation, Tensor } from "@org/graph";
import {
  atomicWrite,
  dirname,
  fileExists,
  getMatchingPaths,
  localPath,
  readFile as readBytes,
} from "@org/io";
import { Shape } from "@org/tensor";
import { applyOne, applyOp } from "../apply-op.ts";
import { defineOps } from "../define.ts";
import { stringArray, stringsOf } from "../host/text.ts";
import type { HostContext, OpEntry } from "../op-entry.ts";
import { withRank, withRankAtMost } from "../shape-rules.ts";
import type { NameOption, TensorLike } from "../tensor-like.ts";

/** tf.read_file: the bytes of a file, a scalar string. Running it fails with NOT_FOUND where there is none. @tfExport readFile */
export function readFile(filename: TensorLike, options: NameOption = {}): Tensor {
  return applyOne("ReadFile", [filename], options);
}

/** tf.write_file: puts the scalar string `contents` into a file; directories are made as they are needed. @tfExport writeFile */
export function writeFile(filename: TensorLike, contents: TensorLike, options: NameOption = {}): Operation {
  return applyOp("WriteFile", [filename, contents], options);
}

/** tf.matching_files: the names that match a pattern, or one of several, sorted: a string vector. @tfExport matchingFiles */
export function matchingFiles(pattern: TensorLike, options: NameOption = {}): Tensor {
  return applyOne("MatchingFiles", [pattern], options);
}

function scalarName(c: HostContext): string {
  const name = c.input(0);
  if (name.shape.length !== 0)
    c.fail(
      "INVALID_ARGUMENT",
      `Input filename tensor must be scalar, but had shape: ${new Shape(name.shape)}`,
    );
  return localPath(stringsOf(name)[0]!);
}

/** Entries of ReadFile, WriteFile, MatchingFiles. */
export const fileOps: readonly OpEntry[] = defineOps({
  ReadFile: {
    shape: (c) => {
      withRank(c.input(0), 0);
      return [Shape.scalar];
    },
    gradient: null,
    host: async (c) => [stringArray([], [await readBytes(c.fs, scalarName(c), { signal: c.signal })])],
  },
  WriteFile: {
    shape: (c) => {
      withRank(c.input(0), 0);
      withRank(c.input(1), 0);
      return [];
    },
    gradient: null,
    host: async (c) => {
      const path = scalarName(c);
      const contents = c.input(1);
      if (contents.shape.length !== 0)
        c.fail(
          "INVALID_ARGUMENT",
          `Contents tensor must be scalar, but had shape: ${new Shape(contents.shape)}`,
        );
      const directory = dirname(path);
      if (directory !== "" && !(await fileExists(c.fs, directory))) await c.fs.makeDirectory(directory);
      await atomicWrite(c.fs, path, (contents.data as Uint8Array[])[0]!);
      return [];
    },
  },
  MatchingFiles: {
    shape: (c) => {
      withRankAtMost(c.input(0), 1);
      return [new Shape([null])];
    },
    gradient: null,
    host: async (c) => {
      const patterns = stringsOf(c.input(0));
      const found: string[] = [];
      for (const pattern of patterns) found.push(...(await getMatchingPaths(c.fs, localPath(pattern))));
      found.sort();
      return [stringArray([found.length], found)];
    },
  },
});
