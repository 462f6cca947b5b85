import { AttrValue, NodeDef } from "@org/proto";
import { fromText } from "@org/proto/text";
import { describe, expect, it } from "vitest";

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
