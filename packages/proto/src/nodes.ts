export { ByteInterner, finishHash, hashBytes, hashFactor, hashSeed } from "./byte-interner.ts";
export { LazyNodes, lazyNodes, NodeBytes } from "./node-list.ts";
export {
  detachedNodes,
  lazyNodeList,
  type NodeSignature,
  NodeTable,
  nodeFlags,
  nodeOps,
  nodeSizes,
  nodeTable,
} from "./node-table.ts";
