// The `_class` of an imported node as an attribute entry on the wire, its `loc:@` groups under the graph's names.
// Not here: which nodes need it (node-writer.ts).
import type { NodeTable } from "@org/proto/nodes";
import type { ImportedNodes } from "./imported-nodes.ts";
import { fieldSize, WireChunks } from "./wire-chunks.ts";

const utf8 = new TextEncoder();
const text = new TextDecoder();
const mark = utf8.encode("loc:@");
/** Field 1 of the entry: "_class". */
const key = Uint8Array.of(0x0a, 6, ...utf8.encode("_class"));
const tags = { attr: 0x2a, value: 0x12, list: 0x0a, s: 0x12 } as const;

function isGroup(bytes: Uint8Array, start: number, end: number): boolean {
  if (end - start < mark.length) return false;
  for (let k = 0; k < mark.length; k++) if (bytes[start + k] !== mark[k]) return false;
  return true;
}

function begin(out: WireChunks, listSize: number): void {
  const value = fieldSize(listSize);
  const entry = key.length + fieldSize(value);
  out.reserve(fieldSize(entry));
  out.header(tags.attr, entry);
  out.copy(key, 0, key.length);
  out.header(tags.value, value);
  out.header(tags.list, listSize);
}

/** One node's entry at a time: what it returns is good until the next call. */
export class RenamedClasses {
  private readonly out = new WireChunks();

  /** The entry of node `i`. */
  of(imported: ImportedNodes, i: number): Uint8Array {
    const { out } = this;
    out.at = 0;
    if (imported.prefix !== undefined) this.prefixed(imported.table, i, imported.prefix);
    else this.renamed(imported, i);
    return out.chunk.subarray(0, out.at);
  }

  private prefixed(table: NodeTable, i: number, prefix: Uint8Array): void {
    const { out } = this;
    const { bytes } = table;
    const more = (start: number, end: number): number => (isGroup(bytes, start, end) ? prefix.length : 0);
    let size = 0;
    table.visitClass(i, (start, end) => {
      size += fieldSize(end - start + more(start, end));
    });
    begin(out, size);
    table.visitClass(i, (start, end) => {
      out.header(tags.s, end - start + more(start, end));
      const name = more(start, end) === 0 ? start : start + mark.length;
      out.copy(bytes, start, name);
      if (name > start) out.copy(prefix, 0, prefix.length);
      out.copy(bytes, name, end);
    });
  }

  private renamed(imported: ImportedNodes, i: number): void {
    const { table } = imported;
    const groups: Uint8Array[] = [];
    table.visitClass(i, (start, end) =>
      groups.push(utf8.encode(imported.renamedGroup(text.decode(table.bytes.subarray(start, end))))),
    );
    begin(
      this.out,
      groups.reduce((sum, group) => sum + fieldSize(group.length), 0),
    );
    for (const group of groups) this.out.field(tags.s, group);
  }
}
