// The words of a text-format file. Positions are turned into line and column only when something is wrong.
// Source: Python's text_format.Tokenizer, whose sentences the errors have.
import { TfError } from "@org/errors";

const space = /(?:\s+|#.*)+/y;
const token =
  /[a-zA-Z_][0-9a-zA-Z_+-]*|(?:[0-9+-]|\.[0-9])[0-9a-zA-Z_.+-]*|"(?:[^"\n\\]|\\.)*(?:"|\\?$)|'(?:[^'\n\\]|\\.)*(?:'|\\?$)/my;

export class Tokenizer {
  readonly #text: string;
  #position = 0;
  #previous = 0;
  /** The word at hand; "" at the end. */
  current = "";

  constructor(text: string) {
    this.#text = text;
    this.next();
  }

  /** Goes to the next word. */
  next(): void {
    this.#previous = this.#position;
    let at = this.#position + this.current.length;
    space.lastIndex = at;
    if (space.test(this.#text)) at = space.lastIndex;
    this.#position = at;
    token.lastIndex = at;
    this.current = token.exec(this.#text)?.[0] ?? this.#text.slice(at, at + 1);
  }

  atEnd(): boolean {
    return this.current === "";
  }

  /** Takes the word if it is `word`. */
  take(word: string): boolean {
    if (this.current !== word) return false;
    this.next();
    return true;
  }

  /** Takes `word`. Throws where another is at hand. */
  expect(word: string): void {
    if (!this.take(word)) throw this.error(`Expected "${word}".`);
  }

  /** Takes whatever is at hand. */
  any(): string {
    const word = this.current;
    this.next();
    return word;
  }

  /** Everything up to a closing bracket, without spaces. */
  untilBracket(): string {
    const end = this.#text.indexOf("]", this.#position);
    if (end < 0) throw this.error('Expected "]".');
    const inside = this.#text.slice(this.#position, end).replace(/\s/g, "");
    this.current = this.#text.slice(this.#position, end + 1);
    this.next();
    return inside;
  }

  /** The error that the word at hand is wrong: "line:column : sentence", both from 1. */
  error(sentence: string): TfError {
    return this.#errorAt(this.#position, sentence);
  }

  /** The error that the word before was wrong. */
  errorBefore(sentence: string): TfError {
    return this.#errorAt(this.#previous, sentence);
  }

  #errorAt(position: number, sentence: string): TfError {
    const before = this.#text.slice(0, position);
    const line = before.split("\n").length;
    const column = position - (before.lastIndexOf("\n") + 1) + 1;
    return new TfError("DATA_LOSS", `${line}:${column} : ${sentence}`, { offset: position });
  }
}
