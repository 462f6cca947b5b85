// The checkpoint state file and what is asked of it.
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import * as tf from "../../src/index.ts";
import { saveInitial, variables } from "./files.ts";
import { type Probe, probes } from "./probes.ts";

const latest =
  (folder: string): Probe =>
  (directory) =>
    tf.train.latestCheckpoint(join(directory, folder));

probes(
  ["latest", "state", "exists", "mtimes"],
  {
    "latest.nodir": { run: latest("nodir"), gives: undefined },
    "latest.garbage": { run: latest("garbage"), gives: undefined },
    "state.incomplete": (directory) => tf.train.getCheckpointState(join(directory, "bs2")),
    "latest.gone": { run: latest("gone"), gives: undefined },
    "exists.none": { run: (directory) => tf.train.checkpointExists(join(directory, "none")), gives: false },
    "mtimes.missing": {
      run: async (directory) => {
        const paths = [join(directory, "a"), join(directory, "none")];
        return (await tf.train.getCheckpointMtimes(paths)).map(
          (seconds) => Math.abs(Date.now() / 1000 - seconds) < 3600,
        );
      },
      gives: [true],
    },
  },
  async (directory) => {
    const states = {
      garbage: "no state file at all\n",
      bs2: 'all_model_checkpoint_paths: "x"\n',
      gone: 'model_checkpoint_path: "gone-1"\nall_model_checkpoint_paths: "gone-1"\n',
    };
    for (const [folder, text] of Object.entries(states)) {
      await mkdir(join(directory, folder));
      await writeFile(join(directory, folder, "checkpoint"), text);
    }
    await new tf.Graph().asDefault(() => {
      variables();
      return saveInitial(join(directory, "a"));
    });
  },
);
