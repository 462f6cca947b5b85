// What the command line converts, TensorFlow and numpy read.
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { openCheckpoint } from "@org/checkpoint";
import { main } from "@org/cli";
import { describe, expect, it } from "vitest";
import { haveShared, missing, python, scratch, shared, type TensorFlowVersion } from "./real-tensorflow.ts";

const metagraph = async (...args: string[]): Promise<void> => {
  const said: string[] = [];
  const terminal = {
    out: () => {},
    err: (text: string) => said.push(text),
    bytes: () => {},
    input: async () => new Uint8Array(),
  };
  expect(await main(args, terminal), `${args.join(" ")}\n${said.join("\n")}`).toBe(0);
};

describe.each(["1.15.5", "2.21.0"] as const)("TensorFlow %s", (version: TensorFlowVersion) => {
  it.skipIf(!haveShared || missing(version))(
    "loads a SavedModel and .npz files that the command made",
    async () => {
      const folder = scratch();
      const original = join(shared, "formats", version, "saved_model/simple");
      await metagraph("convert", original, join(folder, "model"));
      await metagraph("convert", join(folder, "model"), join(folder, "model.safetensors"));
      await metagraph("convert", join(folder, "model.safetensors"), join(folder, "again"));
      const assets = ["--assets", join(original, "assets")];
      await metagraph("rename", join(folder, "again"), join(folder, "renamed"), "-n", "=v1/", "-q");
      await metagraph(
        "convert",
        join(folder, "model.meta"),
        `${join(folder, "export")}/`,
        "-c",
        join(folder, "again"),
        ...assets,
      );
      const npz = [join(folder, "stored.npz"), join(folder, "deflated.npz")];
      await metagraph("convert", join(folder, "export"), npz[0]!);
      await metagraph("convert", join(folder, "renamed"), npz[1]!, "--compress");

      const savedModels = [original, join(folder, "export")];
      const spec = { saved_models: savedModels, feed: "x:0", shape: [2, 3], fetch: "scores:0", npz };
      writeFileSync(join(folder, "spec.json"), JSON.stringify(spec));
      python(version, "load_saved_models.py", [join(folder, "spec.json"), join(folder, "out.json")]);
      const { values, arrays } = JSON.parse(readFileSync(join(folder, "out.json"), "utf8"));
      expect(values[1]).toEqual(values[0]);

      const reader = await openCheckpoint(join(folder, "model"));
      for (const name of reader.names()) {
        const { shape, data } = await reader.get(name);
        const { buffer, byteOffset, byteLength } = data as Uint8Array;
        const expected = [shape, Buffer.from(buffer, byteOffset, byteLength).toString("hex")];
        expect(arrays[npz[0]!][name]).toEqual(expected);
        expect(arrays[npz[1]!][`v1/${name}`]).toEqual(expected);
      }
      await reader.close();
    },
  );
});
