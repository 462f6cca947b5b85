// control_dependencies, group, tuple, assigns, Assert, check_numerics, assert_* and Print.
import * as tf from "../../src/index.ts";

const { add, truediv } = tf.operator;

export function build(): tf.train.Saver {
  const x = tf.placeholder("float32", [null], { name: "x" });
  const count = new tf.Variable(0, { trainable: false, name: "count", dtype: "int32" });
  const total = new tf.Variable(0, { name: "total", dtype: "float32" });
  const bump = tf.assignAdd(count, 1);
  const [y, z, outside] = tf.controlDependencies(
    [bump, tf.assertNonNegative(x, { message: "x is negative" })],
    () => {
      const y = tf.identity(x);
      return tf.controlDependencies([tf.assign(total, tf.reduceSum(y))], () => {
        const root = tf.sqrt(y, { name: "z" });
        const outside = tf.controlDependencies(null, () => tf.constant(2, { name: "outside" }));
        const z = tf.Print(root, [tf.shape(root), root], { message: "z: ", firstN: 3, summarize: 5 });
        return [y, z, outside] as const;
      });
    },
  );
  const again = tf.controlDependencies([y.op], () => tf.add(y, outside, { name: "again" }));
  tf.Assert(tf.less(tf.size(x), 100), [x, "too many"], { summarize: 2, name: "few" });
  const checked = tf.checkNumerics(truediv(again, z), "quotient is not finite");
  tf.assertRank(x, 1);
  tf.assertEqual(tf.size(x), tf.size(z), { data: [x], name: "same_size" });
  const done = tf.group([bump, tf.assignSub(total, 1).op, checked], { name: "done" });
  const [a, b] = tf.tuple([checked, again], { name: "both", controlInputs: [done] });
  tf.verifyTensorAllFinite(add(a!, b!), "sum");
  tf.noOp({ name: "nothing" });
  tf.group([], { name: "empty" });
  tf.addToCollection("train_op", done);
  tf.addToCollection("checked", a);
  return new tf.train.Saver([count, total]);
}
