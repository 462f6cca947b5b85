// What differs between two MetaGraphs, by what it means: nodes by their names in any order, attributes with their defaults, collections, signatures,
// functions, versions, Saver. Nodes that were renamed show as one removed and one added.
import { opDefs } from "@org/graph/op-defs";
import {
  AttrValue,
  CollectionDef,
  equals,
  FunctionDef,
  type IAttrValue,
  type MessageType,
  type MetaGraphDef,
  type NodeDef,
  SaverDef,
  SignatureDef,
} from "@org/proto";
import { toText } from "@org/proto/text";

/** One thing of an item that is not the same. */
export interface FieldChange {
  readonly field: string;
  readonly from: string | null;
  readonly to: string | null;
}

export interface Change {
  readonly name: string;
  readonly changes: readonly FieldChange[];
}

/** Items of one sort: nodes, collections ... */
export interface ItemDiff {
  readonly removed: readonly string[];
  readonly added: readonly string[];
  readonly changed: readonly Change[];
}

export interface GraphDiff {
  readonly nodes: ItemDiff & { readonly ops: Readonly<Record<string, string>> };
  readonly functions: ItemDiff;
  readonly collections: ItemDiff;
  readonly signatures: ItemDiff;
  /** Versions, tags, SaverDef. */
  readonly other: readonly FieldChange[];
}

/** Attributes that say nothing which the rest of a graph does not say. */
const derivedAttrs: ReadonlySet<string> = new Set(["_output_shapes"]);

/** Compares two MetaGraphs. */
export function diffGraphs(a: MetaGraphDef, b: MetaGraphDef): GraphDiff {
  const nodes = (def: MetaGraphDef) => new Map((def.graphDef?.node ?? []).map((node) => [node.name, node]));
  const functions = (def: MetaGraphDef) =>
    new Map((def.graphDef?.library?.function ?? []).map((one) => [one.signature?.name ?? "", one]));
  const [left, right] = [nodes(a), nodes(b)];
  const ops = Object.fromEntries([...right, ...left].map(([name, { op }]) => [name, op]));
  return {
    nodes: { ...items(left, right, nodeChanges), ops },
    functions: items(functions(a), functions(b), whole(FunctionDef)),
    collections: items(entries(a.collectionDef), entries(b.collectionDef), whole(CollectionDef)),
    signatures: items(entries(a.signatureDef), entries(b.signatureDef), whole(SignatureDef)),
    other: otherChanges(a, b),
  };
}

/** Whether there is no difference. */
export const isEmpty = ({ nodes, functions, collections, signatures, other }: GraphDiff): boolean =>
  other.length === 0 &&
  [nodes, functions, collections, signatures].every(
    ({ added, removed, changed }) => added.length + removed.length + changed.length === 0,
  );

const entries = <T>(record: Readonly<Record<string, T>>): Map<string, T> => new Map(Object.entries(record));

function items<T>(
  a: ReadonlyMap<string, T>,
  b: ReadonlyMap<string, T>,
  compare: (x: T, y: T) => readonly FieldChange[],
): ItemDiff {
  const changed: Change[] = [];
  for (const [name, item] of a) {
    const other = b.get(name);
    const changes = other === undefined ? [] : compare(item, other);
    if (changes.length > 0) changed.push({ name, changes });
  }
  return {
    removed: [...a.keys()].filter((name) => !b.has(name)),
    added: [...b.keys()].filter((name) => !a.has(name)),
    changed,
  };
}

const changeOf = (field: string, from: string | null, to: string | null): FieldChange[] =>
  from === to ? [] : [{ field, from, to }];

function nodeChanges(a: NodeDef, b: NodeDef): FieldChange[] {
  const data = (node: NodeDef): string[] =>
    node.input.filter((input) => !input.startsWith("^")).map(withoutZero);
  const control = (node: NodeDef): string =>
    node.input
      .filter((input) => input.startsWith("^"))
      .sort()
      .join(" ");
  const [left, right] = [data(a), data(b)];
  const inputs = Array.from({ length: Math.max(left.length, right.length) }, (_, i) =>
    changeOf(`input ${i}`, left[i] ?? null, right[i] ?? null),
  ).flat();
  return [
    ...changeOf("op", a.op, b.op),
    ...changeOf("device", a.device, b.device),
    ...inputs,
    ...changeOf("control inputs", control(a), control(b)),
    ...(a.op === b.op ? attrChanges(a, b) : []),
  ];
}

/** "n:0" is "n". */
const withoutZero = (input: string): string => input.replace(/:0$/, "");

function attrChanges(a: NodeDef, b: NodeDef): FieldChange[] {
  const opDef = opDefs().get(a.op)?.opDef;
  const defaults = new Map((opDef?.attr ?? []).map((attr) => [attr.name ?? "", attr.defaultValue]));
  const value = (node: NodeDef, key: string): IAttrValue | null =>
    (Object.hasOwn(node.attr, key) ? node.attr[key]! : defaults.get(key)) ?? null;
  const keys = [...new Set([...Object.keys(a.attr), ...Object.keys(b.attr)])].filter(
    (key) => !derivedAttrs.has(key),
  );
  return keys.sort().flatMap((key) => {
    const [x, y] = [value(a, key), value(b, key)];
    if (x && y && sameAttr(key, x, y)) return [];
    return changeOf(`attr ${key}`, x && attrText(x), y && attrText(y));
  });
}

/** Colocation groups have no order. */
function sameAttr(key: string, a: IAttrValue, b: IAttrValue): boolean {
  if (key !== "_class" || !a.list?.s || !b.list?.s) return equals(AttrValue, a, b);
  const sorted = (list: readonly Uint8Array[]): string[] =>
    list.map((bytes) => Buffer.from(bytes).toString("latin1")).sort();
  return sorted(a.list.s).join("\0") === sorted(b.list.s).join("\0");
}

const limit = 120;

/** A message on one line, not too long; what is cut off is told from others by its length. */
function attrText(value: IAttrValue): string {
  return shorten(oneLine(toText(AttrValue, value)));
}

const oneLine = (text: string): string => text.trim().replace(/\s*\n\s*/g, " ");
const shorten = (text: string): string =>
  text.length <= limit ? text : `${text.slice(0, limit)}... (${text.length} characters)`;

/** Items that are only compared as a whole. */
const whole =
  <T extends object>(type: MessageType<T>) =>
  (a: T, b: T): FieldChange[] => {
    if (equals(type as MessageType, a, b)) return [];
    const [from, to] = [oneLine(toText(type, a)), oneLine(toText(type, b))];
    const at = firstDifference(from, to);
    return [{ field: "content", from: around(from, at), to: around(to, at) }];
  };

function firstDifference(a: string, b: string): number {
  let at = 0;
  while (at < a.length && a[at] === b[at]) at++;
  return at;
}

/** The text from a little before the difference on. */
const around = (text: string, at: number): string => {
  const start = Math.max(0, at - 20);
  return (start > 0 ? "..." : "") + shorten(text.slice(start));
};

function otherChanges(a: MetaGraphDef, b: MetaGraphDef): FieldChange[] {
  const tags = (def: MetaGraphDef): string => [...(def.metaInfoDef?.tags ?? [])].sort().join(",");
  const saver = (def: MetaGraphDef): string | null => def.saverDef && oneLine(toText(SaverDef, def.saverDef));
  return [
    ...changeOf(
      "producer",
      String(a.graphDef?.versions?.producer ?? 0),
      String(b.graphDef?.versions?.producer ?? 0),
    ),
    ...changeOf(
      "min_consumer",
      String(a.graphDef?.versions?.minConsumer ?? 0),
      String(b.graphDef?.versions?.minConsumer ?? 0),
    ),
    ...changeOf(
      "tensorflow_version",
      a.metaInfoDef?.tensorflowVersion ?? "",
      b.metaInfoDef?.tensorflowVersion ?? "",
    ),
    ...changeOf("tags", tags(a), tags(b)),
    ...changeOf("saver_def", saver(a), saver(b)),
  ];
}
