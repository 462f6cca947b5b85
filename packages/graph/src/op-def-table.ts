// OpDefs out of the strings that scripts/generate.mjs makes: one is decoded when it is first asked for.
import { decode, type IOpDef, OpDef } from "@org/proto";

interface Row {
  readonly mask: number;
  readonly start: number;
  readonly end: number;
  opDef?: IOpDef;
}

export interface OpDefSource {
  readonly versions: readonly string[];
  readonly index: string;
  readonly data: string;
}

function fromBase64(text: string): Uint8Array {
  const binary = atob(text);
  const bytes = new Uint8Array(binary.length);
  for (let i = 0; i < bytes.length; i++) bytes[i] = binary.charCodeAt(i);
  return bytes;
}

/** Looks OpDefs up by name and version. */
export class OpDefTable {
  readonly versions: readonly string[];
  private readonly source: OpDefSource;
  private rows: Map<string, Row[]> | undefined;
  private bytes: Uint8Array | undefined;

  constructor(source: OpDefSource) {
    this.source = source;
    this.versions = source.versions;
  }

  private read(): Map<string, Row[]> {
    if (this.rows !== undefined) return this.rows;
    const rows = new Map<string, Row[]>();
    let start = 0;
    for (const entry of this.source.index.split(";")) {
      const [name, mask, length] = entry.split(" ") as [string, string, string];
      const row: Row = { mask: Number(mask), start, end: start + Number(length) };
      start = row.end;
      const list = rows.get(name);
      if (list === undefined) rows.set(name, [row]);
      else list.push(row);
    }
    this.rows = rows;
    return rows;
  }

  /** The OpDef as the first of `versions` that has it; each version is a position in `this.versions`. */
  get(name: string, versions: readonly number[]): IOpDef | undefined {
    const rows = this.read().get(name);
    if (rows === undefined) return undefined;
    for (const version of versions)
      for (const row of rows)
        if ((row.mask >> version) & 1) {
          if (row.opDef === undefined) {
            this.bytes ??= fromBase64(this.source.data);
            row.opDef = decode(OpDef, this.bytes.subarray(row.start, row.end));
          }
          return row.opDef;
        }
    return undefined;
  }

  /** Names that one of `versions` has, sorted. */
  names(versions: readonly number[]): string[] {
    let mask = 0;
    for (const version of versions) mask |= 1 << version;
    return [...this.read()]
      .filter(([, rows]) => rows.some((row) => row.mask & mask))
      .map(([name]) => name)
      .sort();
  }
}
