// A loop nest's numbers as words of a parameter block: extents, strides, offsets, literals. What code may depend on is in
// the nest's key; all else is here, so that a new batch size compiles nothing.
//
//   words of the kernel's own   extents   for each load and index: offset, strides   literals
import type { HloDType, LoopNest } from "@org/hlo";
import { signedWord, word } from "./shader-source.ts";

export interface NestWords {
  /** How many words there are. */
  readonly length: number;
  readonly extent: (d: number) => number;
  /** Of a load's record: the offset, then the strides. */
  readonly load: (load: number) => number;
  readonly index: (index: number) => number;
  readonly literal: (literal: number) => number;
}

/** Where each number stands, behind `own` words of the kernel's. */
export function nestWords(nest: LoopNest, own: number): NestWords {
  const record = nest.extents.length + 1;
  const loads = own + nest.extents.length;
  const indices = loads + nest.loads.length * record;
  const literals = indices + nest.indices.length * record;
  return {
    length: literals + nest.literals.length,
    extent: (d) => own + d,
    load: (load) => loads + load * record,
    index: (index) => indices + index * record,
    literal: (literal) => literals + literal,
  };
}

/** The nest's numbers in their places; the kernel's own words are left 0. */
export function nestParameters(nest: LoopNest, places: NestWords): Uint32Array<ArrayBuffer> {
  const words = new Uint32Array(places.length);
  const signed = new Int32Array(words.buffer);
  const floats = new Float32Array(words.buffer);
  signed.set(nest.extents, places.extent(0));
  nest.loads.forEach(({ offset, strides }, i) => {
    signed.set([offset, ...strides], places.load(i));
  });
  nest.indices.forEach(({ offset, strides }, i) => {
    signed.set([offset, ...strides], places.index(i));
  });
  const types = literalTypes(nest);
  nest.literals.forEach((value, i) => {
    if (types[i]?.includes("float")) floats[places.literal(i)] = Number(value);
    else signed[places.literal(i)] = Number(value);
  });
  return words;
}

function literalTypes({ ops }: LoopNest): HloDType[] {
  const types: HloDType[] = [];
  for (const op of ops) if (op.kind === "literal") types[op.literal] = op.dtype;
  return types;
}

/** Lines that take the position `from` (a u32 expression) apart into x<d> (i32) for the dimensions from `first` up to `end`. */
export function coordinates(places: NestWords, from: string, first: number, end: number): string[] {
  const lines: string[] = [];
  let rest = from;
  for (let d = end - 1; d > first; d--) {
    const extent = word(places.extent(d));
    lines.push(`let x${d} = i32(${rest} % ${extent});`, `let rest${d} = ${rest} / ${extent};`);
    rest = `rest${d}`;
  }
  lines.push(`let x${first} = i32(${rest});`);
  return lines;
}

/** The place that a load's or index's record says, as an i32 expression over the coordinates x0... below `rank`. */
export function placeOf(
  { movement }: { readonly movement: readonly string[] },
  record: number,
  rank: number,
): string {
  const terms = [signedWord(record)];
  movement.slice(0, rank).forEach((moves, d) => {
    if (moves === "unit") terms.push(`x${d}`);
    else if (moves === "strided") terms.push(`x${d} * ${signedWord(record + 1 + d)}`);
  });
  return terms.join(" + ");
}
