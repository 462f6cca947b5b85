// The fields of a line of comma-separated values. Source: core/kernels/decode_csv_op.cc.

export interface CsvFormat {
  /** One byte. */
  readonly delimiter: number;
  readonly useQuotes: boolean;
  /** Columns that are wanted, in order; all where there are none. */
  readonly columns: readonly number[];
}

const [quote, newLine, carriageReturn] = [0x22, 0x0a, 0x0d];

/** The bytes of each wanted field of `line`; `fail` is told what is wrong with it. */
export function csvFields(
  line: Uint8Array,
  format: CsvFormat,
  fail: (sentence: string) => never,
): Uint8Array[] {
  const { delimiter, useQuotes, columns } = format;
  const fields: Uint8Array[] = [];
  let column = 0;
  const wanted = (): boolean => columns.length === 0 || columns[fields.length] === column;
  let at = 0;
  while (at < line.length) {
    if (line[at] === newLine || line[at] === carriageReturn) {
      at++;
      continue;
    }
    const quoted = useQuotes && line[at] === quote;
    const field = quoted ? quotedField(line, at + 1, delimiter, fail) : plainField(line, at, format, fail);
    at = field.next;
    if (wanted()) {
      fields.push(field.bytes);
      if (fields.length === columns.length) return fields;
    }
    column++;
  }
  if (line.length > 0 && line.at(-1) === delimiter && wanted()) fields.push(new Uint8Array(0));
  return fields;
}

interface Field {
  readonly bytes: Uint8Array;
  /** Where the next one begins. */
  readonly next: number;
}

function plainField(
  line: Uint8Array,
  start: number,
  { delimiter, useQuotes }: CsvFormat,
  fail: (sentence: string) => never,
): Field {
  let at = start;
  for (; at < line.length && line[at] !== delimiter; at++) {
    const byte = line[at];
    if ((useQuotes && byte === quote) || byte === newLine || byte === carriageReturn)
      fail("Unquoted fields cannot have quotes/CRLFs inside");
  }
  return { bytes: line.slice(start, at), next: at + 1 };
}

/** A field behind its first quote: two quotes are one within it. */
function quotedField(
  line: Uint8Array,
  start: number,
  delimiter: number,
  fail: (sentence: string) => never,
): Field {
  const bytes: number[] = [];
  let at = start;
  while (at < line.length - 1 && !(line[at] === quote && line[at + 1] === delimiter)) {
    if (line[at] !== quote) bytes.push(line[at++]!);
    else {
      if (line[at + 1] !== quote) fail("Quote inside a string has to be escaped by another quote");
      bytes.push(quote);
      at += 2;
    }
  }
  const ends = line[at] === quote && (at === line.length - 1 || line[at + 1] === delimiter);
  if (!ends) fail("Quoted field has to end with quote followed by delim or end");
  return { bytes: Uint8Array.from(bytes), next: at + 2 };
}
