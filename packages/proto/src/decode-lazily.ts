// decode, but for the nodes of GraphDefs: they stay bytes until they are touched. Not here: the list (node-list.ts), and what
// is told of nodes without touching them (node-table.ts).
import { decode, type MessageType } from "./codec.ts";
import type { NodeKeeper } from "./node-list.ts";
import { nodeTable } from "./node-table.ts";
import { MessageReader } from "./wire.ts";

/**
 * As `decode`, fast and small for large graphs: each GraphDef in the message (a MetaGraphDef's, those of a SavedModel) has an array
 * `node` whose items are decoded when they are first read; `encode` writes the bytes of all others as they are. Nodes are checked
 * all the same, and are ordinary messages once they are read.
 * The message shares memory with `bytes`, which must not change any more. The arrays are proxies: `structuredClone` takes a `clone`.
 * Throws as `decode`.
 */
export function decodeLazily<T extends object>(type: MessageType<T>, bytes: Uint8Array): T {
  if (!(bytes instanceof Uint8Array)) throw new TypeError(`${type.typeName} is decoded from a Uint8Array`);
  const reader = new MessageReader(bytes);
  const keeper: NodeKeeper = { lists: [] };
  reader.keepNodes = keeper;
  try {
    const message = type.decode(reader);
    for (const { proxy } of keeper.lists) nodeTable(proxy);
    return message;
  } catch {
    // Which says what is wrong, and where.
    return decode(type, bytes);
  }
}
