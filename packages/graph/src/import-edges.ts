// Where the inputs of a file's nodes come from, as positions. Source: graph_constructor.cc (InitFromEdges, BuildNodeIndex).
import { TfError } from "@org/errors";
import type { NodeTable } from "@org/proto/nodes";
import { keyOf, type Mapped } from "./import-map.ts";
import { NameIndex } from "./name-index.ts";
import type { Operation } from "./operation.ts";
import type { Tensor } from "./tensor.ts";

/** Inputs by their number among the inputs of all nodes (NodeTable.inputFirst). */
export interface Edges {
  /** The file's node that is read; -1 where the map has something else. */
  readonly source: Int32Array;
  readonly mapped: ReadonlyMap<number, Tensor | Operation>;
  /** Keys of the map that were read. */
  readonly used: ReadonlySet<string>;
}

const importable = /^[A-Za-z0-9.][A-Za-z0-9_.\-/>]*$/;
const inNames = new Uint8Array(256);
for (let code = 0; code < 128; code++)
  inNames[code] = importable.test(String.fromCharCode(code))
    ? 2
    : importable.test(`a${String.fromCharCode(code)}`)
      ? 1
      : 0;

function invalid(sentence: string, table: NodeTable, i: number): TfError {
  return new TfError("INVALID_ARGUMENT", sentence, { node: table.name(i), op: table.ops[table.op[i]!]! });
}

function isImportable(bytes: Uint8Array, start: number, end: number): boolean {
  if (start === end || inNames[bytes[start]!] !== 2) return false;
  for (let p = start + 1; p < end; p++) if (inNames[bytes[p]!] === 0) return false;
  return true;
}

/** Names of the file's nodes -> their position. Throws TfError INVALID_ARGUMENT for names that are not valid or not unique, and nodes without an op. */
export function indexNodes(table: NodeTable): NameIndex {
  const index = new NameIndex(table);
  for (let i = 0; i < table.count; i++) {
    if (!isImportable(table.bytes, table.nameStart[i]!, table.nameEnd[i]!))
      throw invalid(`Node '${table.name(i)}': Node name contains invalid characters`, table, i);
    if (!index.add(i)) throw invalid(`Node '${table.name(i)}' is not unique`, table, i);
    if (table.op[i] === 0) throw invalid(`Node '${table.name(i)}' does not specify an operation`, table, i);
  }
  return index;
}

/** Finds what every input reads. Throws TfError INVALID_ARGUMENT "Node 'a': Unknown input node 'b'". */
export function findEdges(table: NodeTable, index: NameIndex, map: Mapped): Edges {
  const { bytes, inputStart, inputEnd, inputHash, inputOutput, inputFirst } = table;
  const source = new Int32Array(inputStart.length);
  const mapped = new Map<number, Tensor | Operation>();
  const used = new Set<string>();
  for (let i = 0; i < table.count; i++)
    for (let k = inputFirst[i]!; k < inputFirst[i + 1]!; k++) {
      if (map.size > 0) {
        const name = new TextDecoder().decode(bytes.subarray(inputStart[k]!, inputEnd[k]!));
        const key = keyOf(name, inputOutput[k]!);
        const target = map.get(key);
        if (target !== undefined) {
          used.add(key);
          mapped.set(k, target);
          source[k] = -1;
          continue;
        }
      }
      const at = index.at(bytes, inputStart[k]!, inputEnd[k]!, inputHash[k]!);
      if (at < 0)
        throw invalid(`Node '${table.name(i)}': Unknown input node '${table.writtenInput(k)}'`, table, i);
      source[k] = at;
    }
  return { source, mapped, used };
}
