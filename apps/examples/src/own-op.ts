// An op of your own, which TensorFlow does not have, with its gradient and its test: a polynomial whose coefficients are an attribute. The graph
// and its file name it like any other; a program that runs such a file needs the entry, too.
import type { OpEntry } from "@org/ops";
import { dense, single } from "@org/ops";
import * as tf from "@org/tf";

/** c[0] + c[1] x + c[2] x^2 + ..., element by element. */
function polynomial(x: tf.Tensor, coefficients: readonly number[]): tf.Tensor {
  return x.graph.createOp("Polynomial", [x], { attrs: { coefficients } }).outputs[0]!;
}

export const polynomialOp: OpEntry = {
  origin: "my-package",
  opDef: {
    name: "Polynomial",
    inputArg: [{ name: "x", typeAttr: "T" }],
    outputArg: [{ name: "y", typeAttr: "T" }],
    attr: [
      { name: "T", type: "type" },
      { name: "coefficients", type: "list(float)" },
    ],
  },
  // The result has the input's shape, known or not.
  shape: (c) => [c.input(0)],
  // Instructions of @org/hlo, which every backend runs and fuses: Horner's rule.
  lower: ({ builder, attrs, input }) => {
    const x = input(0);
    const number = (value: number) => builder.broadcastTo(builder.scalar(x.dtype, value), x.dims);
    return attrs
      .floats("coefficients")
      .reduceRight(
        (sum, c) => builder.binary("add", builder.binary("multiply", sum, x), number(c)),
        number(0),
      );
  },
  gradient: single(({ inputs: [x], attrs }, grad) => {
    const slopes = attrs.floats("coefficients").map((c, power) => c * power);
    return tf.multiply(dense(grad), polynomial(x!, slopes.slice(1)));
  }),
};

// A graph knows the ops of its registry: all of TensorFlow's, and this one.
const ops = tf.createOpRegistry<OpEntry>(tf.standardOps(), [polynomialOp]);
const graph = new tf.Graph({ ops });
const { y, slope } = graph.asDefault(() => {
  const x = tf.constant([0, 1, 2]);
  const y = polynomial(x, [5, 0, 3]);
  return { y, slope: tf.convertToTensor(tf.gradients(tf.reduceSum(y), [x])[0]!) };
});
await using sess = new tf.Session({ graph });
for (const value of await sess.run([y, slope])) console.log(tf.toArray(value));
