import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { AttrValue, decode, encode, equals, GraphDef, MetaGraphDef, NodeDef, SavedModel } from "@org/proto";
import { fromText, toText } from "@org/proto/text";
import { describe, expect, it } from "vitest";
import { deterministic, hasUnknowns } from "./deterministic.ts";
import { filesUnder, hasShared, shared } from "./shared.ts";

const metas = [
  ...filesUnder("golden", ".meta"),
  ...filesUnder("graphs", ".meta"),
  ...filesUnder("formats", "/model.meta"),
];

/** 1.15's printer leaves out a map key that is 0; ours, like later ones, does not. */
const withoutZeroKeys = (text: string) => text.replace(/^ *key: 0\n/gm, "");

describe.skipIf(!hasShared)("text of what TensorFlow wrote (skipped without the folder `shared`)", () => {
  it.each(metas.map((path) => [relative(shared, path), path]))("%s comes back equal", (_, path) => {
    const message = decode(MetaGraphDef, readFileSync(path));
    const text = toText(MetaGraphDef, message);
    const back = fromText(MetaGraphDef, text);
    expect(hasUnknowns(message)).toBe(false);
    expect(equals(MetaGraphDef, back, message)).toBe(true);
  });

  const textCases = filesUnder("formats", "/expect.json").filter((path) => path.includes("meta_text"));
  it.each(textCases.map((path) => [relative(shared, path), path]))("%s", (_, path) => {
    const expected = JSON.parse(readFileSync(path, "utf8"));
    const messages = { "tensorflow.MetaGraphDef": MetaGraphDef, "tensorflow.GraphDef": GraphDef };
    for (const [name, file] of Object.entries<Record<string, string>>(expected.files)) {
      const type = messages[file.message as keyof typeof messages] as typeof MetaGraphDef;
      const bytes = readFileSync(join(dirname(path), name));
      const message = file.format === "text" ? fromText(type, bytes.toString("utf8")) : decode(type, bytes);
      // TensorFlow 2's protobuf sorts in an order of its own; there the binary file is in that order already.
      const ours = expected.tf === "2.21.0" ? message : deterministic(message);
      const hash = createHash("sha256").update(encode(type, ours)).digest("hex");
      if (expected.tf !== "2.21.0" || file.format === "binary")
        expect(hash, name).toBe(file.deterministic_sha256);
      const binary = name.replace("model.text.meta", "model.meta").replace(".pbtxt", ".pb");
      expect(equals(type, message, decode(type, readFileSync(join(dirname(path), binary))))).toBe(true);
      if (file.format === "text" && expected.tf !== "2.21.0") {
        const floats = expected.tf === "1.15.5" ? "double" : "shortest";
        const printed = toText(type, message, { floats, expandAny: "always" });
        expect(withoutZeroKeys(printed)).toBe(withoutZeroKeys(bytes.toString("utf8")));
      }
    }
  });

  it.each(filesUnder("formats", ".pbtxt").map((path) => [relative(shared, path), path]))(
    "%s is printed as it was",
    (name, path) => {
      const text = readFileSync(path, "utf8");
      const type = path.endsWith("saved_model.pbtxt") ? SavedModel : GraphDef;
      const options = {
        floats: name.startsWith("formats/1.15.5") ? "double" : "shortest",
        expandAny: text.includes("type_url") ? "never" : "always",
      } as const;
      const message = fromText(type as typeof GraphDef, text);
      expect(
        equals(
          type as typeof GraphDef,
          fromText(type as typeof GraphDef, toText(type as typeof GraphDef, message)),
          message,
        ),
      ).toBe(true);
      if (!name.startsWith("formats/2.21.0"))
        expect(withoutZeroKeys(toText(type as typeof GraphDef, message, options))).toBe(
          withoutZeroKeys(text),
        );
    },
  );
});

describe("fromText", () => {
  it.each<[string, string]>([
    ["Test", '1:1 : Message type "tensorflow.NodeDef" has no field named "Test".'],
    ['name: "a"\n  nope: 1', '2:3 : Message type "tensorflow.NodeDef" has no field named "nope".'],
    ['name "a"', '1:6 : Expected ":".'],
    ["name: 5", "1:7 : Expected string but found: '5'"],
    ['name: "a', '1:7 : String missing ending quote: "a'],
    [
      'name: "a" name: "b"',
      '1:11 : Message type "tensorflow.NodeDef" should not have multiple "name" fields.',
    ],
    ['attr { key: "a" value { i: x } }', "1:28 : Couldn't parse integer: x"],
    ['attr { key: "a" value { i: 9223372036854775808 } }', "1:28 : Value out of range: 9223372036854775808"],
    [
      'attr { key: "a" value { type: DT_NO } }',
      '1:31 : Enum type "tensorflow.DataType" has no value named DT_NO.',
    ],
    ['attr { key: "a" value { b: 2 } }', '1:28 : Expected "true" or "false".'],
    [
      'attr { key: "a" value { i: 1 f: 2 } }',
      '1:30 : Field "f" is specified along with field "i", another member of oneof "value" for message type "tensorflow.AttrValue".',
    ],
    ["attr {", '1:7 : Expected "}".'],
    ['name: "\\q"', '1:7 : Invalid escape in string: "\\q"'],
    ['name: "\\377"', "1:7 : String is not valid UTF-8."],
    ["}", "1:1 : Expected identifier or number, got }."],
  ])("of %s fails: %s", (text, message) => {
    expect(() => fromText(NodeDef, text)).toThrow(
      expect.objectContaining({ code: "DATA_LOSS", sentence: message }),
    );
  });

  it("takes everything that the format has", () => {
    const text = `
      # a comment
      name: 'it' "'s"  # two strings
      input: ["a", "b"]; input: "c",
      attr < key: "x" value: { list { i: [1, -0x10, 010] f: [1.5f, -inf, nan, .5, 1e3] b: [t, False, 1] type: [1, DT_INT32] } } >
      attr { value { s: "\\x41\\102\\n\\u00e9" } key: "y" }
      attr { key: "y" value { s: "last" } }
      attr { }`;
    const node = fromText(NodeDef, text);
    expect(node.name).toBe("it's");
    expect(node.input).toEqual(["a", "b", "c"]);
    expect(node.attr.x!.list).toMatchObject({
      i: [1n, -16n, 8n],
      f: [1.5, -Infinity, Number.NaN, 0.5, 1000],
      b: [true, false, true],
      type: [1, 3],
    });
    expect(new TextDecoder().decode(node.attr.y!.s!)).toBe("last");
    expect(Object.keys(node.attr)).toEqual(["x", "y", ""]);
  });

  it("stops at absurd depth", () => {
    const text = "func { attr { value { ".repeat(2000);
    expect(() => fromText(AttrValue, text)).toThrow("too many levels");
  });
});
