// Graphs that TensorFlow 1.15.5's Python built, to compare with ours node for node; from METAGRAPH_SHARED or ../shared.
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { Graph } from "@org/graph";
import { AttrValue, decode, equals, type IAttrValue, MetaGraphDef } from "@org/proto";
import { tensorFromProto } from "@org/tensor";

const shared = process.env.METAGRAPH_SHARED ?? fileURLToPath(new URL("../../../../shared", import.meta.url));

/** Why golden graphs cannot be compared, or undefined. */
export const noGoldens: string | undefined = existsSync(join(shared, "graphs"))
  ? undefined
  : "skipped: no folder with TensorFlow's graphs (set METAGRAPH_SHARED)";

export function goldenMeta(name: string): Uint8Array {
  return new Uint8Array(readFileSync(join(shared, "graphs", name, "graph.meta")));
}

const own = (attrs: { readonly [key: string]: IAttrValue }): string[] =>
  Object.keys(attrs)
    .filter((key) => key !== "_output_shapes")
    .sort();

/** Nodes that differ from TensorFlow's: name, op, inputs, device, attributes, in graph order. */
export function differences(graph: Graph, name: string): string[] {
  const golden = decode(MetaGraphDef, goldenMeta(name)).graphDef!.node;
  const nodes = graph.asGraphDef().node ?? [];
  const found: string[] = [];
  for (let i = 0; i < Math.max(golden.length, nodes.length) && found.length < 20; i++) {
    const [want, got] = [golden[i], nodes[i]];
    if (!want || !got) {
      found.push(`${i}: want ${want?.name ?? "nothing"}, got ${got?.name ?? "nothing"}`);
      continue;
    }
    const line = (n: typeof got): string => `${n.name} | ${n.op} | ${n.input ?? []} | ${n.device ?? ""}`;
    if (line(want) !== line(got)) {
      found.push(`${i}: want ${line(want)}\n   got  ${line(got)}`);
      continue;
    }
    const [a, b] = [want.attr, got.attr ?? {}];
    if (`${own(a)}` !== `${own(b)}`) found.push(`${i}: ${want.name} want attrs ${own(a)}, got ${own(b)}`);
    else
      for (const key of own(a))
        if (!sameValue(a[key]!, b[key]!))
          found.push(
            `${i}: ${want.name}.${key} want ${JSON.stringify(a[key], bigint)}, got ${JSON.stringify(b[key], bigint)}`,
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

function bigint(_: string, value: unknown): unknown {
  return typeof value === "bigint"
    ? `${value}n`
    : value instanceof Uint8Array
      ? [...value].slice(0, 24).join(" ")
      : value;
}
