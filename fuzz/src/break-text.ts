// Breaks text formats: lines, words, numbers, braces.
import { type Breaker, breakBytes } from "./break-bytes.ts";
import { nastyNumbers, nastyWords } from "./nasty.ts";
import type { Random } from "./random.ts";

const words = nastyWords.map((word) => Buffer.from(word).toString("latin1"));

type TextBreaker = (text: string, random: Random, donor: string) => string;

/** `text` with one of the places where `pattern` is found replaced. */
function replaceOne(text: string, random: Random, pattern: RegExp, by: (found: string) => string): string {
  const found = [...text.matchAll(pattern)];
  if (found.length === 0) return text;
  const match = random.pick(found);
  return text.slice(0, match.index) + by(match[0]) + text.slice(match.index + match[0].length);
}

const lines = (text: string): string[] => text.split("\n");

const breakers: readonly TextBreaker[] = [
  function setNumber(text, random) {
    const number = String(random.pick(nastyNumbers));
    const values = [number, `-${number}`, "1e999", "nan", "-inf", "0x", "07", "1.5f", "'"];
    return replaceOne(text, random, /-?\d+(\.\d+)?/g, () => random.pick(values));
  },
  function setString(text, random) {
    const escapes = ["\\", "\\777", "\\x", "\\xff", "\\u12", "\\U00110000", "\\?", "\n"];
    const all = [...words, ...escapes];
    return replaceOne(text, random, /"[^"\n]*"/g, () => `"${random.pick(all)}"`);
  },
  function setWord(text, random) {
    return replaceOne(text, random, /[a-zA-Z_]\w*/g, () => random.pick(words));
  },
  function swapWords(text, random) {
    const own = text.match(/[a-zA-Z_]\w*/g) ?? [""];
    return replaceOne(text, random, /[a-zA-Z_]\w*/g, () => random.pick(own));
  },
  function punctuation(text, random) {
    const marks = ["{", "}", "<", ">", "[", "]", ":", ";", ",", '"', "'", "#", "", "{{", "[]", "[a.b/c.d]"];
    return replaceOne(text, random, /[{}<>[\]:,"]/g, () => random.pick(marks));
  },
  function removeLines(text, random) {
    const all = lines(text);
    const [start, end] = random.range(all.length, 4);
    return [...all.slice(0, start), ...all.slice(end)].join("\n");
  },
  function repeatLines(text, random) {
    const all = lines(text);
    const [start, end] = random.range(all.length, 4);
    const part = all.slice(start, end);
    return [
      ...all.slice(0, end),
      ...new Array(random.pick([1, 2, 60])).fill(part).flat(),
      ...all.slice(end),
    ].join("\n");
  },
  function takeLines(text, random, donor) {
    const all = lines(text);
    const other = lines(donor);
    all.splice(
      random.below(all.length + 1),
      random.below(3),
      ...other.slice(...random.range(other.length, 12)),
    );
    return all.join("\n");
  },
  function nest(text, random) {
    const depth = random.pick([5, 60, 99, 101, 500, 5000]);
    const open = random.pick([
      "node {",
      "attr { value { list {",
      "meta_graphs {",
      "unknown <",
      "[",
      "value: {",
    ]);
    return replaceOne(
      text,
      random,
      /\n|$/g,
      () => `\n${open.repeat(depth)}${random.oneIn(2) ? "" : "}".repeat(depth)}\n`,
    );
  },
  function truncate(text, random) {
    return text.slice(0, random.below(text.length + 1));
  },
];

/** Text with one change; sometimes bytes that are no text. */
export const breakText: Breaker = (bytes, random, donor) => {
  if (random.oneIn(6)) return breakBytes(bytes, random, donor);
  // Latin-1 in and out keeps bytes that are no UTF-8 as they were.
  const text = (of: Uint8Array) => Buffer.from(of).toString("latin1");
  return new Uint8Array(Buffer.from(random.pick(breakers)(text(bytes), random, text(donor)), "latin1"));
};
