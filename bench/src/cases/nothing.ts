// What a run costs that does nothing, and a loop whose body is one addition: 10,000 turns, the counter comes out.
import * as tf from "@org/tf";
import type { Case } from "../case.ts";
import { open } from "../peers/ours.ts";

export const nothing: Case = {
  name: "a run of nothing",
  async ours() {
    const { session, built } = await open(() => tf.noOp());
    return () => session.run(built);
  },
  tensorflow: ["nothing", 0],
};

const turns = 10_000;

export const whileLoop: Case = {
  name: "a while loop of 10,000 turns",
  async ours() {
    const { session, built } = await open(
      () =>
        tf.whileLoop(
          (i: tf.Tensor) => tf.less(i, turns),
          (i: tf.Tensor) => tf.operator.add(i, 1),
          [tf.constant(0, "int32")],
        ) as tf.Tensor,
    );
    return () => session.run(built);
  },
  tensorflow: ["while_loop", turns],
  measure: { rounds: 5, roundMs: 300 },
};
