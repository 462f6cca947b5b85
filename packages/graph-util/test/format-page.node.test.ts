// docs/formats/frozen-graph.md draws a file byte by byte; here it is read, and written.
import { readFileSync } from "node:fs";
import { decode, encode, GraphDef } from "@org/proto";
import { convertToNdArray, tensorFromProto } from "@org/tensor";
import { expect, it } from "vitest";
import { convertVariablesToConstants } from "../src/index.ts";
import { lines, node, type } from "./nodes.ts";

it("the bytes on the page are a frozen graph, and what freezing gives", async () => {
  const page = readFileSync(new URL("../../../docs/formats/frozen-graph.md", import.meta.url), "utf8");
  const drawn = /```hex\n([\s\S]*?)```/.exec(page)![1]!.split("\n");
  const hex = drawn.map((line) => /^((?:[0-9a-f]{2} ?)*)/.exec(line)![1]!.replaceAll(" ", "")).join("");
  const bytes = new Uint8Array(Buffer.from(hex, "hex"));
  const graph = decode(GraphDef, bytes);
  expect(lines(graph)).toEqual(["Const v()", "Identity out(v)"]);
  expect(tensorFromProto(graph.node[0]!.attr.value!.tensor!)).toEqual(convertToNdArray(1.5, "float32"));
  expect(graph.versions).toMatchObject({ producer: 134 });

  const T = type("float32");
  const trained = {
    node: [
      node("VariableV2", "v", [], { dtype: T, shape: { shape: {} } }),
      node("Identity", "out", ["v"], { T }),
    ],
    versions: { producer: 134 },
  };
  const session = { run: async () => [convertToNdArray(1.5, "float32")] };
  const frozen = await convertVariablesToConstants(session, trained, ["out"]);
  expect(Buffer.from(encode(GraphDef, frozen)).toString("hex")).toBe(hex);
});
