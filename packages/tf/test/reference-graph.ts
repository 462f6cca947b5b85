// Graphs that TensorFlow 1.15.5's Python built, to compare with ours node for node; from METAGRAPH_SHARED or ../shared.
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import {
  AttrValue,
  CollectionDef,
  CondContextDef,
  decode,
  equals,
  FunctionDef,
  type IAttrValue,
  MetaGraphDef,
  type NodeDef,
  SaverDef,
  WhileContextDef,
} from "@org/proto";
import { tensorFromProto } from "@org/tensor";

const shared = process.env.METAGRAPH_SHARED ?? fileURLToPath(new URL("../../../../shared", import.meta.url));

/** Why reference graphs cannot be compared, or undefined. */
export const noReferences: string | undefined = existsSync(join(shared, "graphs"))
  ? undefined
  : "skipped: no folder with TensorFlow's graphs (set METAGRAPH_SHARED)";

/** The graph.meta of a reference graph. */
export function referenceMeta(name: string): Uint8Array {
  return new Uint8Array(readFileSync(join(shared, "graphs", name, "graph.meta")));
}

/** Names of all reference graphs; none where they are not there. */
export const referenceNames: readonly string[] = noReferences
  ? []
  : readdirSync(join(shared, "graphs")).filter((name) =>
      existsSync(join(shared, "graphs", name, "graph.meta")),
    );

const own = (attrs: { readonly [key: string]: IAttrValue }): string[] => Object.keys(attrs).sort();

/** Where a MetaGraphDef of ours differs from TensorFlow's: nodes in order with attributes and shapes, ops, collections, SaverDef. */
export function differences(got: MetaGraphDef, name: string): string[] {
  const want = decode(MetaGraphDef, referenceMeta(name));
  const found = nodeDifferences(want.graphDef!.node, got.graphDef!.node);
  const ops = (def: MetaGraphDef): string => `${def.metaInfoDef!.strippedOpList!.op.map((op) => op.name)}`;
  if (ops(want) !== ops(got)) found.push(`ops: want ${ops(want)}, got ${ops(got)}`);
  for (const key of new Set([...Object.keys(want.collectionDef), ...Object.keys(got.collectionDef)])) {
    const [a, b] = [want.collectionDef[key], got.collectionDef[key]];
    if (!a || !b) found.push(`collection ${key}: ${a ? "missing" : "not in TensorFlow's"}`);
    else if (!sameCollection(key, a, b))
      found.push(`collection ${key}: want ${JSON.stringify(a, shown)}, got ${JSON.stringify(b, shown)}`);
  }
  found.push(...functionDifferences(want, got));
  const [a, b] = [want.saverDef, got.saverDef];
  if (Boolean(a) !== Boolean(b) || (a && b && !equals(SaverDef, a, b)))
    found.push(`saver: want ${JSON.stringify(a, shown)}, got ${JSON.stringify(b, shown)}`);
  return found;
}

/** Where the function libraries differ, and the versions that go with them; functions have no order. */
function functionDifferences(want: MetaGraphDef, got: MetaGraphDef): string[] {
  const found: string[] = [];
  const of = ({ graphDef }: MetaGraphDef): FunctionsOf => ({
    functions: new Map((graphDef!.library?.function ?? []).map((fn) => [fn.signature!.name, fn])),
    gradients: (graphDef!.library?.gradient ?? []).map((one) => `${one.functionName} = ${one.gradientFunc}`),
    minConsumer: graphDef!.versions!.minConsumer,
  });
  const [a, b] = [of(want), of(got)];
  for (const name of new Set([...a.functions.keys(), ...b.functions.keys()])) {
    const [mine, theirs] = [a.functions.get(name), b.functions.get(name)];
    if (!mine || !theirs || !equals(FunctionDef, mine, theirs))
      found.push(
        `function ${name}: want ${JSON.stringify(mine, shown)}, got ${JSON.stringify(theirs, shown)}`,
      );
  }
  if (`${a.gradients}` !== `${b.gradients}`) found.push(`gradients: want ${a.gradients}, got ${b.gradients}`);
  if (a.minConsumer !== b.minConsumer) found.push(`consumer: want ${a.minConsumer}, got ${b.minConsumer}`);
  return found;
}

interface FunctionsOf {
  readonly functions: ReadonlyMap<string, FunctionDef>;
  readonly gradients: readonly string[];
  readonly minConsumer: number;
}

/** The map entries within control-flow contexts have no order, so their bytes are compared as messages. */
function sameCollection(key: string, a: CollectionDef, b: CollectionDef): boolean {
  const [x, y] = [a.bytesList?.value ?? [], b.bytesList?.value ?? []];
  if (x.length !== y.length) return false;
  const same = (test: (mine: Uint8Array, theirs: Uint8Array) => boolean): boolean =>
    x.every((bytes, i) => test(bytes, y[i]!));
  if (key === "cond_context")
    return same((m, t) => equals(CondContextDef, decode(CondContextDef, m), decode(CondContextDef, t)));
  if (key === "while_context")
    return same((m, t) => equals(WhileContextDef, decode(WhileContextDef, m), decode(WhileContextDef, t)));
  return equals(CollectionDef, a, b);
}

/** Where nodes differ: names, ops, inputs, devices, attributes. */
export function nodeDifferences(wanted: readonly NodeDef[], nodes: readonly NodeDef[]): string[] {
  const found: string[] = [];
  for (let i = 0; i < Math.max(wanted.length, nodes.length) && found.length < 20; i++) {
    const [want, got] = [wanted[i], nodes[i]];
    if (!want || !got) {
      found.push(`${i}: want ${want?.name ?? "nothing"}, got ${got?.name ?? "nothing"}`);
      continue;
    }
    // An edge that TensorFlow moved is "x:0" in an export of a scope, which means "x".
    const inputs = (n: NodeDef): string => `${n.input.map((input) => input.replace(/:0$/, ""))}`;
    const line = (n: NodeDef): string => `${n.name} | ${n.op} | ${inputs(n)} | ${n.device}`;
    if (line(want) !== line(got)) {
      found.push(`${i}: want ${line(want)}\n   got  ${line(got)}`);
      continue;
    }
    const [a, b] = [want.attr, got.attr];
    if (`${own(a)}` !== `${own(b)}`) found.push(`${i}: ${want.name} want attrs ${own(a)}, got ${own(b)}`);
    else
      for (const key of own(a))
        if (!sameValue(a[key]!, b[key]!))
          found.push(
            `${i}: ${want.name}.${key} want ${JSON.stringify(a[key], shown)}, got ${JSON.stringify(b[key], shown)}`,
          );
  }
  return found;
}

/** Tensors are compared by their elements: one value that fills a shape may stand once or often. */
function sameValue(a: IAttrValue, b: IAttrValue): boolean {
  if (!a.tensor || !b.tensor) return equals(AttrValue, a, b);
  const [x, y] = [tensorFromProto(a.tensor), tensorFromProto(b.tensor)];
  return x.dtype === y.dtype && `${x.shape}` === `${y.shape}` && `${[...x.data]}` === `${[...y.data]}`;
}

/** Messages as text, without what is empty. */
function shown(_: string, value: unknown): unknown {
  if (typeof value === "bigint") return `${value}n`;
  if (value instanceof Uint8Array) return String.fromCharCode(...value.slice(0, 200));
  return Array.isArray(value) && value.length === 0 ? undefined : value;
}
