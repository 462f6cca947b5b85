import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { AttrValue, decode, encode, equals, MetaGraphDef, NodeDef } from "@org/proto";
import { fromText, toText } from "@org/proto/text";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { decodeByTable, encodeByTable } from "../src/table-codec.ts";
import { filesUnder } from "./shared.ts";

const fixture = (name: string) => readFileSync(fileURLToPath(new URL(`./fixtures/${name}`, import.meta.url)));

describe("a MetaGraph that is hard to print", () => {
  it.each(["tricky-1.15.5.meta", "tricky-2.21.0.meta"])("%s comes back byte for byte", (name) => {
    const bytes = fixture(name);
    expect(Buffer.compare(encode(MetaGraphDef, decode(MetaGraphDef, bytes)), bytes)).toBe(0);
  });

  it("is the same in text", () => {
    const text = fixture("tricky-1.15.5.text.meta").toString("utf8");
    const message = decode(MetaGraphDef, fixture("tricky-1.15.5.meta"));
    expect(equals(MetaGraphDef, fromText(MetaGraphDef, text), message)).toBe(true);
    expect(toText(MetaGraphDef, message, { floats: "double" }).replace(/^ *key: 0\n/gm, "")).toBe(text);
  });

  it("has an error, never a hang, wherever its text is cut", () => {
    const text = fixture("tricky-1.15.5.text.meta").toString("utf8").slice(0, 4000);
    for (let cut = 0; cut < text.length; cut += 7) {
      try {
        fromText(MetaGraphDef, text.slice(0, cut));
      } catch (error) {
        expect(error).toMatchObject({ code: "DATA_LOSS", sentence: expect.stringMatching(/^\d+:\d+ : /) });
      }
    }
  });
});

describe("the codec that follows tables", () => {
  const files = [
    ...filesUnder("golden", ".meta").slice(0, 20),
    ...filesUnder("graphs", ".meta").slice(0, 10),
  ];
  const cases = [
    fixture("tricky-1.15.5.meta"),
    fixture("tricky-2.21.0.meta"),
    ...files.map((path) => readFileSync(path)),
  ];

  it("agrees with the generated one", () => {
    for (const bytes of cases) {
      const plain = decodeByTable("tensorflow.MetaGraphDef", bytes)!;
      expect(Buffer.compare(encodeByTable("tensorflow.MetaGraphDef", plain), bytes)).toBe(0);
      expect(equals(MetaGraphDef, plain, decode(MetaGraphDef, bytes))).toBe(true);
    }
  });

  it("takes nothing that it cannot give back", () => {
    expect(decodeByTable("tensorflow.NodeDef", Uint8Array.of(0xba, 0x3e, 1, 7))).toBeUndefined();
    expect(decodeByTable("tensorflow.NodeDef", Uint8Array.of(0x0a, 9, 97))).toBeUndefined();
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 30 }), (noise) => {
        const plain = decodeByTable("tensorflow.AttrValue", noise);
        if (plain === undefined) return;
        expect(equals(AttrValue, plain, decode(AttrValue, noise))).toBe(true);
      }),
    );
  });
});

describe("text of an Any", () => {
  const any = (value: Uint8Array, typeUrl = "type.googleapis.com/tensorflow.NodeDef") => ({
    metaInfoDef: { anyInfo: { typeUrl, value } },
  });
  const two = { name: "n", attr: { b: { i: 1n }, a: { i: 2n } } };

  it("is the message where that loses nothing, otherwise the bytes", () => {
    const sorted = any(encode(NodeDef, { ...two, attr: { a: { i: 2n }, b: { i: 1n } } }));
    expect(toText(MetaGraphDef, sorted)).toContain("[type.googleapis.com/tensorflow.NodeDef] {");
    const unsorted = any(encode(NodeDef, two));
    expect(toText(MetaGraphDef, unsorted)).toContain('type_url: "type.googleapis.com/tensorflow.NodeDef"');
    expect(toText(MetaGraphDef, unsorted, { expandAny: "always" })).toContain("[type.googleapis.com");
    for (const message of [
      sorted,
      unsorted,
      any(Uint8Array.of(1, 2, 3)),
      any(new Uint8Array(2), "x/no.Such"),
    ])
      expect(equals(MetaGraphDef, fromText(MetaGraphDef, toText(MetaGraphDef, message)), message)).toBe(true);
  });

  it("of a type that is not known is an error with its place", () => {
    expect(() => fromText(MetaGraphDef, "meta_info_def { any_info { [a/no.Such] { } } }")).toThrow(
      "no.Such not found",
    );
  });
});
