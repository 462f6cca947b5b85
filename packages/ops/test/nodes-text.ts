// nodes.txt: a graph as text, a line a node, to read and compare. The format is that of the reference graphs:
// `name | op | inputs | device | attributes`, then functions, collections and the SaverDef. Written for tests.
import { crc32 } from "node:zlib";
import type { Graph } from "@org/graph";
import type { IAttrValue, IGraphDef, IMetaGraphDef, INameAttrList, INodeDef, ITensorProto } from "@org/proto";
import {
  type DType,
  dtypeFromProto,
  dtypes,
  fromBits,
  isNarrowFloat,
  shapeFromProto,
  tensorFromProto,
} from "@org/tensor";

/** A tensor with more elements than this is shown by its crc32. */
const inline = 12;
const utf8 = new TextDecoder("utf-8", { fatal: true });

/** JSON as Python's json.dumps writes it: ASCII only; bytes that are no UTF-8 as \xNN. */
function text(bytes: Uint8Array): string {
  let decoded: string;
  try {
    decoded = utf8.decode(bytes);
  } catch {
    decoded = Array.from(bytes, (b) =>
      b < 128 ? String.fromCharCode(b) : `\\x${b.toString(16).padStart(2, "0")}`,
    ).join("");
  }
  return JSON.stringify(decoded).replace(/[\u007f-\uffff]/g, (c) =>
    c === "\u007f" ? c : `\\u${c.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}

/** The fewest digits that give a number back in its type, laid out as NumPy prints them. */
export function shortest(value: number, digitsOf: (x: number) => number): string {
  if (Number.isNaN(value)) return "nan";
  if (!Number.isFinite(value)) return value > 0 ? "inf" : "-inf";
  if (value === 0) return Object.is(value, -0) ? "-0.0" : "0.0";
  let digits = 1;
  while (digits < 17 && digitsOf(Number(value.toPrecision(digits))) !== value) digits++;
  const [mantissa, exponent] = value.toExponential(digits - 1).split("e") as [string, string];
  const power = Number(exponent);
  // NumPy goes by the number itself: the float32 next to 0.0001 lies below it.
  if (Math.abs(value) < 1e-4 || Math.abs(value) >= 1e16) {
    const sign = power < 0 ? "-" : "+";
    return `${mantissa.replace(/\.?0+$/, "")}e${sign}${String(Math.abs(power)).padStart(2, "0")}`;
  }
  const fixed = Number(value.toPrecision(digits)).toFixed(Math.max(digits - 1 - power, 0));
  return fixed.includes(".") ? fixed : `${fixed}.0`;
}

const rounding: Partial<Record<DType, (x: number) => number>> = {
  float64: (x) => x,
  float16: (x) => {
    // Nearest half: through its bits.
    const scale = 2 ** (Math.max(Math.floor(Math.log2(Math.abs(x) || 1)), -14) - 10);
    const units = Math.round(x / scale);
    return units * scale;
  },
};

function number(value: number | bigint | boolean, dtype: DType): string {
  if (dtypes[dtype].kind === "bool") return value ? "true" : "false";
  if (dtypes[dtype].kind !== "float" && dtypes[dtype].kind !== "complex") return String(value);
  return shortest(Number(value), rounding[dtype] ?? Math.fround);
}

/** "[2,?]", "<unknown>". */
function shape(proto: NonNullable<IAttrValue["shape"]>): string {
  if (proto.unknownRank) return "<unknown>";
  const { dims } = shapeFromProto(proto);
  return `[${(dims ?? []).map((dim) => dim ?? "?").join(",")}]`;
}

const typeName = (type: number): string => {
  const found = dtypeFromProto(type);
  if (!found) return `DT_${type}`;
  return `DT_${dtypes[found.dtype].cc.toUpperCase()}${found.isRef ? "_REF" : ""}`;
};

function element(dtype: DType, data: ArrayLike<unknown>, i: number): string {
  if (dtype === "string") return text(data[i] as Uint8Array);
  if (dtypes[dtype].kind === "complex") {
    const [re, im] = [data[2 * i] as number, data[2 * i + 1] as number];
    const part = (x: number) =>
      shortest(x, dtype === "complex64" ? Math.fround : (y) => y).replace(/\.0$/, "");
    if (Object.is(re, 0)) return `${part(im)}j`;
    return `(${part(re)}${im < 0 ? "" : "+"}${part(im)}j)`;
  }
  if (isNarrowFloat(dtype)) return number(fromBits(dtype, data[i] as number), dtype);
  return number(data[i] as number, dtype);
}

function tensor(proto: ITensorProto): string {
  const head = `${typeName(proto.dtype ?? 0)}${shape(proto.tensorShape ?? {})}`;
  const array = tensorFromProto(proto);
  const { dtype } = array;
  if (dtype === "resource" || dtype === "variant") return head;
  const data = array.data as ArrayLike<unknown>;
  const count = data.length / dtypes[dtype].width;
  const all = Array.from({ length: count <= inline ? count : 1 }, (_, i) => element(dtype, data, i));
  if (count <= inline) return `${head}{${all.join(",")}}`;
  const first = all[0]!;
  let equal = true;
  for (let i = 1; i < count && equal; i++) equal = element(dtype, data, i) === first;
  if (equal) return `${head}{all ${first}}`;
  const bytes =
    dtype === "string"
      ? Buffer.concat((array.data as Uint8Array[]).flatMap((x) => [x, new Uint8Array(1)]))
      : new Uint8Array(
          (array.data as Float32Array).buffer,
          (array.data as Float32Array).byteOffset,
          (array.data as Float32Array).byteLength,
        );
  return `${head}{crc32 ${crc32(bytes).toString(16).padStart(8, "0")}}`;
}

function attr(value: IAttrValue): string {
  if (value.list) {
    const { s, i, f, b, type, shape: shapes, tensor: tensors, func: funcs } = value.list;
    const items = [
      ...(s ?? []).map(text),
      ...(i ?? []).map(String),
      ...(f ?? []).map((x) => number(x, "float32")),
      ...(b ?? []).map((x) => number(x, "bool")),
      ...(type ?? []).map(typeName),
      ...(shapes ?? []).map(shape),
      ...(tensors ?? []).map(tensor),
      ...(funcs ?? []).map(func),
    ];
    return `[${items.join(", ")}]`;
  }
  if (value.s !== undefined && value.s !== null) return text(value.s);
  if (value.i !== undefined && value.i !== null) return String(value.i);
  if (value.f !== undefined && value.f !== null) return number(value.f, "float32");
  if (value.b !== undefined && value.b !== null) return number(value.b, "bool");
  if (value.type !== undefined && value.type !== null) return typeName(value.type);
  if (value.shape) return shape(value.shape);
  if (value.tensor) return tensor(value.tensor);
  if (value.func) return func(value.func);
  if (value.placeholder) return `$${value.placeholder}`;
  return "<none>";
}

type AttrMap = INodeDef["attr"];

function entries(map: AttrMap): [string, IAttrValue][] {
  if (!map) return [];
  return (map instanceof Map ? [...map] : Object.entries(map)) as [string, IAttrValue][];
}

function attrs(map: AttrMap): string {
  return entries(map)
    .filter(([key]) => key !== "_output_shapes")
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([key, value]) => `${key}=${attr(value)}`)
    .join(" ");
}

function func(proto: INameAttrList): string {
  return `func:${proto.name}(${attrs(proto.attr)})`;
}

/** A node's line. */
export function nodeLine(node: INodeDef): string {
  return [node.name, node.op, (node.input ?? []).join(","), node.device ?? "", attrs(node.attr)]
    .join(" | ")
    .trimEnd();
}

/** The lines of a GraphDef's nodes, "# nodes N" first. */
export function printNodes(graph: IGraphDef): string[] {
  const nodes = graph.node ?? [];
  return [`# nodes ${nodes.length}`, ...nodes.map(nodeLine)];
}

/** The lines of a graph's nodes. */
export function printGraph(graph: Graph): string[] {
  return printNodes(graph.asGraphDef());
}

function collectionLine(
  name: string,
  def: NonNullable<IMetaGraphDef["collectionDef"]> extends infer _ ? Record<string, unknown> : never,
): string {
  for (const [field, kind] of [
    ["nodeList", "node_list"],
    ["bytesList", "bytes_list"],
    ["int64List", "int64_list"],
    ["floatList", "float_list"],
    ["anyList", "any_list"],
  ] as const) {
    const list = def[field] as { value?: readonly unknown[] } | null | undefined;
    if (!list) continue;
    const values = list.value ?? [];
    const line = `${name} | ${kind} | ${values.length}`;
    if (kind === "node_list" || kind === "int64_list") return `${line} | ${values.join(",")}`;
    if (kind === "float_list")
      return `${line} | ${values.map((x) => number(x as number, "float32")).join(",")}`;
    return line;
  }
  return `${name} | none | 0`;
}

/** The lines of a MetaGraphDef's collections, "# collections N" first. */
export function printCollections(meta: IMetaGraphDef): string[] {
  const map = meta.collectionDef;
  const all = (map instanceof Map ? [...map] : Object.entries(map ?? {})) as [
    string,
    Record<string, unknown>,
  ][];
  return [
    `# collections ${all.length}`,
    ...all.sort(([a], [b]) => (a < b ? -1 : 1)).map(([name, def]) => collectionLine(name, def)),
  ];
}

/** A nodes.txt taken apart: each section's lines, without its heading. */
export interface NodesText {
  readonly nodes: readonly string[];
  readonly functions: readonly string[];
  readonly collections: readonly string[];
  readonly saver: string | undefined;
}

/** Reads a nodes.txt. */
export function parseNodesText(source: string): NodesText {
  const sections = new Map<string, string[]>();
  let current: string[] = [];
  for (const line of source.split("\n")) {
    const heading = /^# (nodes|functions|collections|saver)\b/.exec(line);
    if (heading) {
      current = [];
      sections.set(heading[1]!, current);
    } else if (line !== "") current.push(line);
  }
  return {
    nodes: sections.get("nodes") ?? [],
    functions: sections.get("functions") ?? [],
    collections: sections.get("collections") ?? [],
    saver: sections.get("saver")?.[0],
  };
}
