// The hash that TensorFlow puts behind the names of functions which programs give none: 64 bits over signature, nodes and results.
// Source: core/framework/function.cc (FunctionDefHash), op_def_util.cc (OpDefHash), attr_value_util.cc (AttrValueHash),
// core/util/equal_graph_def.cc (NodeDefHash), c/c_api_function.cc.
import {
  AttrValue,
  encode,
  type IAttrValue,
  type IFunctionDef,
  type INodeDef,
  OpDef,
  TensorProto,
} from "@org/proto";
import { type NdArray, tensorFromProto, tensorToProto } from "@org/tensor";
import { hash64 } from "../strings/hashes.ts";

const mask = 0xffffffffffffffffn;
const start = 0xdecafcaffen;
const utf8 = new TextEncoder();

const textHash = (text: string, seed = start): bigint => hash64(utf8.encode(text), seed);
const combine = (a: bigint, b: bigint): bigint =>
  a ^ ((b + 0x9e3779b97f4a7800n + ((a << 10n) & mask) + (a >> 4n)) & mask);
const byName = <T>(entries: readonly (readonly [string, T])[]): (readonly [string, T])[] =>
  [...entries].sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0));

function attrsHash(attrs: Readonly<Record<string, IAttrValue>>, seed: bigint): bigint {
  let hash = seed;
  for (const [key, value] of byName(Object.entries(attrs)))
    hash = combine(attrValueHash(value), textHash(key, hash));
  return hash;
}

/** Tensors count by their bytes, whichever way a message holds them; strings by their lengths, then their bytes. */
function tensorHash(value: NdArray): bigint {
  if (value.dtype !== "string")
    return hash64(encode(TensorProto, tensorToProto(value, { encoding: "content" })));
  const { tensorContent: _, stringVal, ...head } = tensorToProto(value, { encoding: "list" });
  const texts = stringVal ?? [];
  const bytes = [...texts.flatMap(({ length }) => varint(length)), ...texts.flatMap((text) => [...text])];
  return hash64(encode(TensorProto, { ...head, tensorContent: Uint8Array.from(bytes) }));
}

function varint(value: number): number[] {
  return value < 128 ? [value] : [(value & 127) | 128, ...varint(value >>> 7)];
}

function attrValueHash(value: IAttrValue): bigint {
  if (value.tensor) return tensorHash(tensorFromProto(value.tensor));
  if (value.func) return attrsHash(value.func.attr ?? {}, textHash(value.func.name ?? ""));
  return hash64(encode(AttrValue, value));
}

function nodeHash({ name, op, device, input, attr }: INodeDef): bigint {
  let hash = textHash(name ?? "");
  hash = textHash(op ?? "", hash);
  hash = textHash(device ?? "", hash);
  const all = input ?? [];
  for (const ref of all) if (!ref.startsWith("^")) hash = textHash(ref, hash);
  for (const ref of [...new Set(all.filter((one) => one.startsWith("^")))].sort()) hash = textHash(ref, hash);
  const own = Object.entries(attr ?? {}).filter(([key]) => !key.startsWith("_"));
  return attrsHash(Object.fromEntries(own), hash);
}

function nodesHash(nodes: readonly INodeDef[]): bigint {
  let hash = start;
  for (const [name, node] of byName(nodes.map((one) => [one.name ?? "", one] as const)))
    hash = combine(nodeHash(node), textHash(name, hash));
  return hash;
}

/** The hash of a function without attributes whose signature has no name yet. */
export function functionDefHash(def: IFunctionDef): bigint {
  const { name: _, attr: __, controlOutput: ___, ...signature } = def.signature ?? {};
  let hash = hash64(encode(OpDef, signature), start);
  hash = combine(nodesHash(def.nodeDef ?? []), hash);
  for (const list of [def.ret, def.controlRet])
    for (const [key, value] of byName(Object.entries(list ?? {})))
      hash = textHash(value, textHash(key, hash));
  return hash;
}

const digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789aA";

/** The hash as eleven letters and digits. */
export function hashSuffix(hash: bigint): string {
  // Lowest byte first, six bits a letter from the highest on, filled up with zeros.
  let bits = 0n;
  for (let i = 0n; i < 8n; i++) bits = (bits << 8n) | ((hash >> (8n * i)) & 0xffn);
  bits <<= 2n;
  let text = "";
  for (let i = 10n; i >= 0n; i--) text += digits[Number((bits >> (6n * i)) & 0x3fn)];
  return text;
}
