import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { decode, encode, equals, GraphDef, MetaGraphDef, SavedModel } from "@org/proto";
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
