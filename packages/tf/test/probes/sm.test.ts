// SavedModels: what is not there, what is there already.
import { join } from "node:path";
import * as tf from "../../src/index.ts";
import { openSession } from "./files.ts";
import { probes } from "./probes.ts";

const builder = (directory: string, name = "sm") => new tf.savedModel.Builder(join(directory, name));

/** A SavedModel with the tag "serve" at "sm". */
const write = (directory: string): Promise<void> =>
  new tf.Graph().asDefault(async () => {
    new tf.Variable(1, { name: "v", dtype: "float32" });
    const init = tf.globalVariablesInitializer();
    const session = openSession(tf.getDefaultGraph() as tf.Graph);
    await session.run([], { targets: [init] });
    const model = builder(directory);
    await model.addMetaGraphAndVariables(session, ["serve"]);
    await model.save();
  });

probes(
  ["sm"],
  {
    "sm.load.missing": (directory) => tf.savedModel.load(openSession(), ["serve"], join(directory, "nosm")),
    "sm.load.tag": (directory) => tf.savedModel.load(openSession(), ["other"], join(directory, "sm")),
    "sm.exists": async (directory) => {
      const session = openSession();
      tf.constant(1);
      await builder(directory).addMetaGraphAndVariables(session, ["serve"]);
    },
    "sm.add_first": (directory) => {
      tf.constant(1);
      return builder(directory, "new").addMetaGraph(["serve"]);
    },
  },
  write,
);
