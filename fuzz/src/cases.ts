// A case: whole files, broken as seed and number say.
import { breakBytes } from "./break-bytes.ts";
import { breakGzip, breakRecords, breakSafetensors, breakZip, breakZlib } from "./break-framed.ts";
import { breakProto } from "./break-proto.ts";
import { breakTable, repairBundle } from "./break-table.ts";
import { breakText } from "./break-text.ts";
import { Random } from "./random.ts";
import type { Form, Sample } from "./sample.ts";

type AnyBreaker = (bytes: Uint8Array, random: Random, donor: Uint8Array) => Uint8Array | Promise<Uint8Array>;

const breakers: Readonly<Record<Form, AnyBreaker>> = {
  bytes: breakBytes,
  proto: (bytes, random, donor) =>
    random.oneIn(4) ? breakBytes(bytes, random, donor) : breakProto(bytes, random, donor),
  text: breakText,
  table: breakTable,
  records: breakRecords,
  gzip: breakGzip,
  zlib: breakZlib,
  zip: breakZip,
  safetensors: breakSafetensors,
};

/** Broken files are cut to this many bytes: a bound to their readers' memory is one for files of this size. */
export const longestInput = 1 << 17;

/** A sample with broken files. */
export interface Case {
  readonly sample: Sample;
  readonly files: Readonly<Record<string, Uint8Array>>;
  /** Draws what is done with them. */
  readonly random: Random;
}

const sizeOf = ({ files }: Sample): number =>
  Object.values(files).reduce((sum, { bytes }) => sum + bytes.length, 0);

/** Draws case `number` of a seed. The same samples give the same case. */
export async function drawCase(samples: readonly Sample[], seed: number, number: number): Promise<Case> {
  const random = new Random(seed, number);
  // Each kind as often as another, whatever the number of its samples.
  const kinds = [...new Set(samples.map(({ kind }) => kind))].sort();
  const kind = random.pick(kinds);
  const alike = samples.filter((sample) => sample.kind === kind);
  // Short files are read quickly, and are likelier to be hit where it matters.
  const sample = Array.from({ length: 4 }, () => random.pick(alike)).reduce((a, b) =>
    sizeOf(b) < sizeOf(a) ? b : a,
  );
  const files: Record<string, Uint8Array> = Object.fromEntries(
    Object.entries(sample.files).map(([path, { bytes }]) => [path, bytes]),
  );
  const paths = Object.keys(files).sort();
  for (let changes = random.pick([1, 1, 1, 2, 3, 6]); changes > 0; changes--) {
    const path = random.pick(paths);
    const { form } = sample.files[path]!;
    const donor = random.pick(random.oneIn(8) ? samples : alike);
    const other = random.pick(Object.keys(donor.files).sort());
    files[path] = await breakers[form](files[path]!, random, donor.files[other]!.bytes);
    if (files[path].length > longestInput) files[path] = files[path].slice(0, longestInput);
  }
  if (sample.kind === "checkpoint" && !random.oneIn(3)) await resign(files, sample.path);
  return { sample, files, random };
}

/** Makes checksums of a bundle's tensors right, so that what is broken in them is read. */
async function resign(files: Record<string, Uint8Array>, prefix: string): Promise<void> {
  const index = files[`${prefix}.index`];
  const data = Object.keys(files).filter((path) => path.startsWith(`${prefix}.data-`));
  if (!index || data.length !== 1) return;
  const repaired = await repairBundle(index, files[data[0]!]!);
  if (repaired) files[`${prefix}.index`] = repaired;
}
