// GenerateVocabRemapping: for the words of a new vocabulary file, where they stood in an old one. With LoadAndRemapMatrix (remap-matrix.ts),
// what warm starting is made of.
// Source: core/ops/checkpoint_ops.cc, core/kernels/{generate_vocab_remapping_op,lookup_util}.cc.
import type { Tensor } from "@org/graph";
import type { FileSystem } from "@org/io";
import { type NdArray, ndArray, Shape } from "@org/tensor";
import { applyOp } from "../apply-op.ts";
import { defineOps } from "../define.ts";
import type { HostContext, OpEntry } from "../op-entry.ts";
import { withRank } from "../shape-rules.ts";
import type { NameOption, TensorLike } from "../tensor-like.ts";
import { stringsOf } from "./text.ts";

/** Attributes of GenerateVocabRemapping. */
export interface VocabRemappingOptions extends NameOption {
  /** Line of the new vocabulary to begin at. */
  readonly newVocabOffset: number;
  /** How many of its lines to map. */
  readonly numNewVocab: number;
  /** Lines of the old vocabulary that count; -1 (the default): all. */
  readonly oldVocabSize?: number | undefined;
}

/**
 * For lines of a new vocabulary file, the lines at which the same words stand in an old one: `remapping` (int64 [numNewVocab], -1 where
 * the old one has none) and `numPresent` (int32 scalar). Files are text, a word a line. As gen_checkpoint_ops.generate_vocab_remapping.
 */
export function generateVocabRemapping(
  newVocabFile: TensorLike,
  oldVocabFile: TensorLike,
  options: VocabRemappingOptions,
): { readonly remapping: Tensor; readonly numPresent: Tensor } {
  const op = applyOp("GenerateVocabRemapping", [newVocabFile, oldVocabFile], {
    name: options.name,
    attrs: {
      new_vocab_offset: options.newVocabOffset,
      num_new_vocab: options.numNewVocab,
      old_vocab_size: options.oldVocabSize,
    },
  });
  return { remapping: op.outputs[0]!, numPresent: op.outputs[1]! };
}

const chunkBytes = 1 << 20;

/** The lines of a text file as bytes in a string, a character a byte; carriage returns are left out, as TensorFlow's line reader does. */
async function* linesOf(fs: FileSystem, path: string, signal: AbortSignal): AsyncGenerator<string> {
  // Latin-1 as browsers read it (windows-1252) tells all 256 bytes apart, which is all that comparing words needs.
  const decoder = new TextDecoder("latin1");
  const source = await fs.open(path);
  try {
    let rest = "";
    for (let start = 0; start < source.size; start += chunkBytes) {
      const bytes = await source.read(start, Math.min(source.size, start + chunkBytes), { signal });
      const lines = (rest + decoder.decode(bytes)).replaceAll("\r", "").split("\n");
      rest = lines.pop()!;
      yield* lines;
    }
    if (rest !== "") yield rest;
  } finally {
    await source.close();
  }
}

function vocabularyFile(c: HostContext, index: number, argument: string): string {
  const value = c.input(index);
  if (value.shape.length !== 0)
    c.fail("INVALID_ARGUMENT", `${argument} should be a single string, but got [${value.shape.join(",")}]`);
  const path = stringsOf(value)[0]!;
  if (path === "") c.fail("INVALID_ARGUMENT", `${argument.split("_")[0]} vocab filename cannot be empty.`);
  return path;
}

/** Words of a vocabulary with their lines; with `size` not -1 only the first so many, which must be there. */
async function wordsToLines(c: HostContext, path: string, size: number): Promise<Map<string, number>> {
  const words = new Map<string, number>();
  let line = 0;
  for await (const word of linesOf(c.fs, path, c.signal)) {
    if (size !== -1 && line >= size) break;
    const known = words.get(word);
    if (known !== undefined)
      c.fail(
        "FAILED_PRECONDITION",
        `HashTable has different value for same key. Key ${word} has ${known} and trying to add value ${line}`,
        `The vocabulary ${path} has that word in two lines.`,
      );
    words.set(word, line);
    line++;
  }
  if (size !== -1 && line < size)
    c.fail("INVALID_ARGUMENT", `Invalid vocab_size in ${path}: expected ${size} but got ${line}`);
  return words;
}

async function remapVocabulary(c: HostContext): Promise<readonly NdArray[]> {
  const offset = c.attrs.int("new_vocab_offset");
  const count = c.attrs.int("num_new_vocab");
  const newFile = vocabularyFile(c, 0, "new_vocab_file");
  const wanted: string[] = [];
  let line = 0;
  for await (const word of linesOf(c.fs, newFile, c.signal)) {
    if (line >= offset && wanted.length < count) wanted.push(word);
    line++;
  }
  if (offset + count > line)
    c.fail(
      "INVALID_ARGUMENT",
      "lookup table size must be larger than last new vocab entry's line",
      `${newFile} has ${line} lines; ${count} from line ${offset} on are asked for.`,
    );
  const oldFile = vocabularyFile(c, 1, "old_vocab_file");
  const old = await wordsToLines(c, oldFile, c.attrs.int("old_vocab_size"));
  const remapping = BigInt64Array.from(wanted, (word) => BigInt(old.get(word) ?? -1));
  const present = remapping.reduce((sum, id) => sum + (id < 0n ? 0 : 1), 0);
  return [ndArray("int64", [count], remapping), ndArray("int32", [], Int32Array.of(present))];
}

/** GenerateVocabRemapping. */
export const vocabRemappingOps: readonly OpEntry[] = defineOps({
  GenerateVocabRemapping: {
    shape: (c) => {
      withRank(c.input(0), 0);
      withRank(c.input(1), 0);
      return [new Shape([c.attrs.int("num_new_vocab")]), new Shape([])];
    },
    gradient: null,
    host: remapVocabulary,
  },
});
