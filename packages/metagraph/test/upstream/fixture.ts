/** A file of test/upstream/fixtures, under Node and in a browser. */
import { type MetaGraphDef, parseMetaGraph } from "../../src/index.ts";

export async function upstreamGraph(name: string): Promise<MetaGraphDef> {
  const url = new URL(`./fixtures/${name}`, import.meta.url);
  if (url.protocol !== "file:")
    return parseMetaGraph(new Uint8Array(await (await fetch(url)).arrayBuffer()), name);
  const { readFile } = await import("node:fs/promises");
  return parseMetaGraph(new Uint8Array(await readFile(url)), name);
}
