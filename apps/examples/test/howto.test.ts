// Every code block of the how-to has its program; each runs here, and what it leaves behind is looked at.
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { inFolder, runExample } from "./run-example.ts";

const shared = process.env.METAGRAPH_SHARED ?? fileURLToPath(new URL("../../../../shared", import.meta.url));
const noGraphs = !existsSync(join(shared, "graphs"));

describe("the how-to", () => {
  it("puts objects of a class of one's own into a collection and back", async () => {
    expect(await runExample("howto-variable")).toBe("true: weights:0");
    const tf = await import("@org/tf");
    const again = { protoType: tf.protos.VariableDef, toProto: () => undefined, fromProto: () => null };
    expect(() => tf.registerProtoFunction("my_variables", again)).toThrow(
      "Registering two proto functions with name 'my_variables'!",
    );
    expect(() => tf.registerProtoFunction(tf.GraphKeys.VARIABLES, again)).toThrow(
      "Registering two proto functions with name 'variables'!",
    );
  });

  it("exports a graph, with all collections or with some", () =>
    inFolder(async (folder) => {
      expect(await runExample("howto-export", folder)).toBe(
        [
          "[ [ 3 ] ]",
          "variables trainable_variables input_tensor output_tensor",
          "input_tensor output_tensor",
        ].join("\n"),
      );
      const { readMetaGraph } = (await import("@org/tf")).train;
      const whole = await readMetaGraph(join(folder, "my-model.meta"));
      const part = await readMetaGraph(join(folder, "my-model.pbtxt"));
      expect(readFileSync(join(folder, "my-model.pbtxt"), "utf8")).toMatch(/^meta_info_def \{/);
      expect(part.graphDef).toEqual(whole.graphDef);
    }));

  it("trains, saves every 1,000 steps, and keeps five checkpoints", () =>
    inFolder(async (folder) => {
      await runExample("howto-train", folder);
      const steps = [6000, 7000, 8000, 9000, 10000];
      const files = steps.flatMap((step) =>
        ["data-00000-of-00001", "index", "meta"].map((end) => `my-model-${step}.${end}`),
      );
      expect(readdirSync(folder).sort()).toEqual(["checkpoint", ...files].sort());
    }));

  it("goes on from the files, where the first training stopped", () =>
    inFolder(async (folder) => {
      const printed = await runExample("howto-continue", folder);
      const losses = [...printed.matchAll(/loss: ([\d.e-]+)/g)].map(([, loss]) => Number(loss));
      expect(losses).toHaveLength(2);
      expect(losses[0]).toBeLessThan(1e-4);
      expect(losses[1]).toBeLessThan(losses[0]! / 2);
    }));

  it("builds an inference graph, saves it, and extends what was saved to a training graph", () =>
    inFolder(async (folder) => {
      expect(await runExample("howto-extend", folder)).toBe(
        "logits of shape 100 x 10\none step brought the loss down: true",
      );
      const tf = await import("@org/tf");
      expect(tf.trainableVariables().map(({ name }) => name)).toEqual([
        "hidden1/weights:0",
        "hidden1/biases:0",
        "hidden2/weights:0",
        "hidden2/biases:0",
        "softmax_linear/weights:0",
        "softmax_linear/biases:0",
      ]);
      const [summary] = tf.getCollection(tf.GraphKeys.SUMMARIES);
      expect(summary.op.type).toBe("ScalarSummary");
    }));

  it.skipIf(noGraphs)(
    "builds both graphs as TensorFlow does (skipped without its graphs: METAGRAPH_SHARED)",
    () =>
      inFolder(async (folder) => {
        await runExample("howto-extend", folder);
        const tf = await import("@org/tf");
        const nodes = async (name: string) => {
          const def = await tf.train.readMetaGraph(join(shared, "graphs", name, "graph.meta"));
          return def.graphDef!.node.map(({ name, op, input }) => `${name} ${op} ${input}`);
        };
        const saved = (await tf.train.readMetaGraph(join(folder, "my-model-10000.meta"))).graphDef!.node;
        expect(saved.map(({ name, op, input }) => `${name} ${op} ${input}`)).toEqual(
          await nodes("howto_inference"),
        );
        // TensorFlow 1.15 knows no scalar_summary: its program says summary.scalar("loss", loss).
        const built = tf
          .getDefaultGraph()
          .asGraphDef()
          .node!.map(({ name, op, input }) => `${name} ${op} ${input}`);
        const rest = (all: string[]) => all.filter((node) => !/ ScalarSummary |\/tags Const/.test(node));
        expect(rest(built)).toEqual(rest(await nodes("howto_training")));
      }),
  );

  it("reads hyper-parameters from the latest checkpoint's graph", () =>
    inFolder(async (folder) => {
      expect(await runExample("howto-hparams", folder)).toContain("[ 'learning_rate=0.0005' ]");
    }));
});
