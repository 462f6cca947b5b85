// The digits of the repository, in Node.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import { type Digits, digitsOf } from "./digits.ts";

const folder = join(import.meta.dirname, "../data/digits");
const read = (name: string): Uint8Array => gunzipSync(readFileSync(join(folder, name)));

export function readDigits(): Digits {
  return digitsOf(read("x.npy.gz"), read("y.npy.gz"));
}
