// GraphDefs alone: read, written, imported; and files that are too large to be messages.
import { describe, expect, it } from "vitest";
import {
  decode,
  encode,
  equals,
  exportMetaGraph,
  Graph,
  GraphDef,
  importGraphDef,
  importMetaGraph,
  isTfError,
  MetaGraphDef,
  memoryFileSystem,
  NodeDef,
  readGraphDef,
  readMetaGraph,
  writeGraphDef,
  writeMetaGraph,
} from "../src/index.ts";

const graph = new Graph();
const a = graph.createOp("Placeholder", [], { name: "a", attrs: { dtype: "float32", shape: [2] } });
graph.createOp("Identity", [a.outputs[0]!], { name: "b" });
const def = graph.asGraphDef();

async function sentence(
  work: () => Promise<unknown>,
): Promise<{ message: string; hint: string; code: string }> {
  try {
    await work();
  } catch (error) {
    if (isTfError(error)) return { message: error.sentence, hint: error.hint ?? "", code: error.code };
    throw error;
  }
  throw new Error("nothing was thrown");
}

describe("a GraphDef alone", () => {
  it.each([false, true])("is written and read (asText: %o)", async (asText) => {
    const fs = memoryFileSystem();
    await writeGraphDef("deep/er/graph.pb", def, { fs, asText });
    expect(await fs.list("deep/er")).toEqual(["graph.pb"]);
    const read = await readGraphDef("deep/er/graph.pb", { fs });
    expect(equals(GraphDef, read, def)).toBe(true);
    const again = new Graph();
    importGraphDef(read, { graph: again, name: "" });
    expect(again.getOperations().map((op) => op.name)).toEqual(["a", "b"]);
  });

  it("is read from bytes, which may change afterwards", async () => {
    const bytes = encode(GraphDef, def);
    const read = await readGraphDef(bytes);
    bytes.fill(0xff);
    expect(read.node.map((node) => node.name)).toEqual(["a", "b"]);
  });

  it("is told from other files", async () => {
    const meta = encode(MetaGraphDef, exportMetaGraph(graph));
    expect(await sentence(() => readGraphDef(meta))).toMatchObject({
      code: "DATA_LOSS",
      hint: "It is a MetaGraphDef: readMetaGraph reads it.",
    });
    expect((await sentence(() => readMetaGraph(encode(GraphDef, def)))).hint).toMatch(/readGraphDef/);
    expect((await sentence(() => readGraphDef(new Uint8Array(0)))).message).toMatch(/the file is empty/);
    expect((await sentence(() => readGraphDef(Uint8Array.of(0, 1, 255)))).message).toMatch(
      /neither a binary nor a text GraphDef/,
    );
    expect((await sentence(() => readGraphDef("nowhere.pb", { fs: memoryFileSystem() }))).message).toBe(
      "File nowhere.pb does not exist.",
    );
  });
});

describe("a message of 2 GiB", () => {
  // One array stands in many nodes: nothing of this size is ever made.
  const content = new Uint8Array(2 ** 28);
  const large = (name: string): NodeDef =>
    ({
      name,
      op: "Const",
      attr: { value: { tensor: { dtype: 4, tensorContent: content } }, dtype: { type: 4 } },
    }) as never;
  const nodes = [
    { name: "small", op: "NoOp" } as NodeDef,
    ...Array.from({ length: 8 }, (_, i) => large(`table_${i}`)),
  ];

  it("is not written: the largest nodes are named", async () => {
    const fs = memoryFileSystem();
    for (const write of [
      () => writeGraphDef("big.pb", { node: nodes }, { fs }),
      () => writeMetaGraph("big.meta", { graphDef: { node: nodes } }, { fs }),
    ]) {
      const { message, hint, code } = await sentence(write);
      expect(code).toBe("INVALID_ARGUMENT");
      expect(message).toBe("GraphDef cannot be larger than 2GB.");
      expect(hint).toMatch(
        /^The largest nodes: table_\d \(256 MiB\), table_\d \(256 MiB\), table_\d \(256 MiB\)\. /,
      );
    }
    expect(await fs.stat("big.pb")).toBeUndefined();
    expect(await fs.stat("big.meta")).toBeUndefined();
  });

  it("is not exported", async () => {
    const { message, hint } = await sentence(async () =>
      exportMetaGraph(graph, { graphDef: { node: nodes } }),
    );
    expect(message).toBe("GraphDef cannot be larger than 2GB.");
    expect(hint).toMatch(/table_0 \(256 MiB\)/);
  });
});

describe("a MetaGraphDef that was read", () => {
  const bytes = encode(MetaGraphDef, exportMetaGraph(graph));

  it("stays what it was while it is imported", async () => {
    const read = await readMetaGraph(bytes);
    importMetaGraph(read);
    expect(encode(MetaGraphDef, read)).toEqual(bytes);
    expect(read).toEqual(decode(MetaGraphDef, bytes));
  });

  it("is imported as it was changed", async () => {
    const read = await readMetaGraph(bytes);
    read.graphDef!.node[1]!.name = "c";
    read.graphDef!.node.push(NodeDef.decode(encode(NodeDef, { name: "d", op: "NoOp" })));
    const imported = importMetaGraph(read).graph;
    expect(imported.getOperations().map((op) => op.name)).toEqual(["a", "c", "d"]);
  });

  it("is exported again as the same nodes, whoever changes the export", async () => {
    const imported = importMetaGraph(await readMetaGraph(bytes)).graph;
    const first = exportMetaGraph(imported);
    expect(equals(MetaGraphDef, first, decode(MetaGraphDef, bytes))).toBe(true);
    first.graphDef!.node[0]!.attr.dtype!.type = 3;
    first.graphDef!.node.pop();
    expect(equals(MetaGraphDef, exportMetaGraph(imported), decode(MetaGraphDef, bytes))).toBe(true);
    expect(imported.getOperationByName("a").attrs.type("dtype")).toBe("float32");
  });
});
