export { ByteInterner, finishHash, hashBytes, hashFactor, hashSeed } from "./byte-interner.ts";
export { LazyNodes, lazyNodes, NodeBytes } from "./node-list.ts";
export { type NodeSignature, NodeTable, nodeFlags, nodeTable } from "./node-table.ts";
