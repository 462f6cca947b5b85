// variable_scope and get_variable: reuse, AUTO_REUSE, default names, initializers, regularizers, custom getter, dtypes.
import type { Tensor } from "@org/graph";
import type { CustomGetter, Initializer } from "@org/ops";
import { convertToNdArray } from "@org/tensor";
import * as tf from "../../src/index.ts";

const { add, mul } = tf.operator;

function dense(x: Tensor, units: number, name: string, initializer?: Initializer): Tensor {
  return tf.variableScope(
    name,
    () => {
      const w = tf.getVariable("w", [x.shape.dims![1]!, units], {
        initializer,
        regularizer: (v) => mul(1e-4, tf.nn.l2Loss(v)),
      });
      return tf.matmul(x, w);
    },
    { reuse: tf.AUTO_REUSE },
  );
}

const double: CustomGetter = (getter, name, options) => mul(2, getter(name, options) as Tensor);

export function build(): tf.train.Saver {
  tf.setRandomSeed(99);
  const x = tf.placeholder("float32", [3, 4], { name: "x" });
  const outer = tf.variableScope(
    "outer",
    (scope) => {
      const first = dense(x, 5, "layer");
      const second = dense(x, 5, "layer");
      dense(add(first, second), 2, "top", tf.orthogonalInitializer(0.5));
      const rows = convertToNdArray(
        [
          [0, 1, 2],
          [3, 4, 5],
        ],
        "float64",
      );
      tf.variableScope(null, () => tf.getVariable("v", { initializer: rows, trainable: false }), {
        defaultName: "block",
      });
      const initializer = tf.constantInitializer([4, 5]);
      tf.variableScope(
        null,
        () => tf.getVariable("v", [2], { dtype: "int32", initializer, trainable: false }),
        { defaultName: "block" },
      );
      return scope;
    },
    { initializer: tf.varianceScalingInitializer({ scale: 2 }), dtype: "float32" },
  );
  tf.variableScope(outer, () => tf.identity(tf.getVariable("layer/w", [4, 5]), { name: "again" }), {
    reuse: true,
    auxiliaryNameScope: false,
  });
  tf.variableScope(
    "doubled",
    () => tf.getVariable("g", [2, 2], { initializer: tf.initializers.identity(3) }),
    { customGetter: double },
  );
  const collections = [tf.GraphKeys.LOCAL_VARIABLES];
  tf.getVariable("local", [1], { collections, initializer: tf.onesInitializer() });
  tf.addN(tf.getCollection<Tensor>(tf.GraphKeys.REGULARIZATION_LOSSES), { name: "penalty" });
  tf.addToCollection("hparams", "mixed kinds are dropped with a warning");
  tf.addToCollection("hparams", 0.5);
  return new tf.train.Saver();
}
