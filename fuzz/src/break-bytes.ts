// Ways to break bytes of which nothing is known.
import { concatBytes } from "@org/io";
import { nastyNumbers, nastyWords, varint } from "./nasty.ts";
import type { Random } from "./random.ts";

/** Changes bytes; `donor` is another file to take parts from. */
export type Breaker = (bytes: Uint8Array, random: Random, donor: Uint8Array) => Uint8Array;

/** Between `start` and `end` lies `part` instead. */
const replaced = (bytes: Uint8Array, start: number, end: number, part: Uint8Array): Uint8Array =>
  concatBytes([bytes.subarray(0, start), part, bytes.subarray(end)]);

const changedAt = (bytes: Uint8Array, at: number, change: (byte: number) => number): Uint8Array => {
  const copy = bytes.slice();
  if (copy.length > 0) copy[at] = change(copy[at]!);
  return copy;
};

/** By name, as a failure lists them. */
export const byteBreakers: Readonly<Record<string, Breaker>> = {
  "flip a bit": (bytes, random) =>
    changedAt(bytes, random.below(bytes.length), (byte) => byte ^ (1 << random.below(8))),
  "set a byte": (bytes, random) =>
    changedAt(bytes, random.below(bytes.length), () =>
      random.pick([0, 1, 0x7f, 0x80, 0xff, random.below(256)]),
    ),
  truncate: (bytes, random) => bytes.slice(0, random.below(bytes.length + 1)),
  "cut off the beginning": (bytes, random) => bytes.slice(random.below(bytes.length + 1)),
  "remove a part": (bytes, random) => replaced(bytes, ...random.range(bytes.length), new Uint8Array(0)),
  "repeat a part": (bytes, random) => {
    const [start, end] = random.range(bytes.length);
    const times = random.pick([1, 2, 16, 256]);
    return replaced(
      bytes,
      end,
      end,
      concatBytes(new Array<Uint8Array>(times).fill(bytes.subarray(start, end))),
    );
  },
  splice: (bytes, random, donor) =>
    replaced(bytes, ...random.range(bytes.length), donor.subarray(...random.range(donor.length, 512))),
  "two halves": (bytes, random, donor) =>
    concatBytes([
      bytes.subarray(0, random.below(bytes.length + 1)),
      donor.subarray(random.below(donor.length + 1)),
    ]),
  "a number as varint": (bytes, random) => {
    const at = random.below(bytes.length + 1);
    return replaced(bytes, at, at + random.below(3), Uint8Array.from(varint(random.pick(nastyNumbers))));
  },
  "a number as fixed64": (bytes, random) => {
    const part = new Uint8Array(8);
    new DataView(part.buffer).setBigUint64(0, random.pick(nastyNumbers), true);
    const at = random.below(bytes.length + 1);
    return replaced(bytes, at, at + random.pick([0, 4, 8]), part.subarray(0, random.pick([4, 8])));
  },
  "a word": (bytes, random) => {
    const at = random.below(bytes.length + 1);
    const word = new TextEncoder().encode(random.pick(nastyWords));
    return replaced(bytes, at, at + random.pick([0, word.length]), word);
  },
};

const names = Object.keys(byteBreakers);

/** One of them, drawn. */
export const breakBytes: Breaker = (bytes, random, donor) =>
  byteBreakers[random.pick(names)]!(bytes, random, donor);
