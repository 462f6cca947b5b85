// Numeric checks of gradients of what runs in sessions alone: conditionals, loops, arrays that they write, functions.
import { currentGraph, type Tensor } from "@org/graph";
import * as tf from "../../src/index.ts";
import type { NumericCheck } from "../numeric-gradient.ts";

const { add, mul, lt, gt } = tf.operator;

const m = [2, 3];
const zero = (): Tensor => tf.constant(0, "int32");
const types = { x: "float64", y: "float64" } as const;

/** The outputs of an op over functions. */
function over(
  type: string,
  inputs: (Tensor | readonly Tensor[])[],
  functions: Readonly<Record<string, tf.DefinedFunction | readonly tf.DefinedFunction[]>>,
  attrs: object = {},
): readonly Tensor[] {
  const graph = currentGraph()!;
  const named = (fn: tf.DefinedFunction): { func: string } => {
    fn.addToGraph(graph);
    return { func: fn.funcName };
  };
  const attrsOf = Object.entries(functions).map(([key, of]) => [
    key,
    Array.isArray(of) ? of.map(named) : named(of as tf.DefinedFunction),
  ]);
  return graph.createOp(type, inputs, { attrs: { ...Object.fromEntries(attrsOf), ...attrs } }).outputs;
}

const product = (): tf.DefinedFunction<Tensor> =>
  tf.defun(types, (x, y) => mul(tf.sin(x!), y!), { funcName: "Multiplied" });
const sum = (): tf.DefinedFunction =>
  tf.defun(types, (x, y) => add(tf.square(x!), y!), { funcName: "Added" });
const stated = { Tout: ["float64"] };

function loop(type: string, x: Tensor, y: Tensor): Tensor {
  const all = { i: "int32", ...types } as const;
  const cond = tf.defun(all, (i) => lt(i!, tf.constant(3, "int32")), { funcName: "Cond" });
  const body = tf.defun(
    all,
    (i, x, y) => [add(i!, tf.constant(1, "int32")), mul(tf.sin(x!), y!), y!] as const,
    {
      funcName: "Body",
    },
  );
  return over(type, [[zero(), x, y]], { cond, body })[1]!;
}

export const checks: readonly NumericCheck[] = [
  ...[true, false].map((chosen) => ({
    name: `cond, ${chosen}`,
    f: (x: Tensor, y: Tensor) => {
      const isChosen = tf.equal(gt(tf.reduceSum(tf.square(x)), -1), chosen);
      return tf.cond(
        isChosen,
        () => mul(tf.square(x), y),
        () => mul(tf.sin(x), y),
      );
    },
    shapes: [m, m],
  })),
  {
    name: "whileLoop",
    f: (x, y) =>
      tf.whileLoop(
        (i) => lt(i, 3),
        (i, own) => [add(i, 1), mul(tf.sin(own), y!)],
        [zero(), x!],
      )[1],
    shapes: [m, m],
  },
  {
    name: "TensorArray, written and read",
    f: (x, y) => {
      const written = new tf.TensorArray("float64", { size: 2, clearAfterRead: false })
        .write(0, tf.square(x!))
        .write(1, mul(x!, y!));
      return [written.read(1), mul(written.read(0), written.read(1))];
    },
    shapes: [m, m],
  },
  {
    name: "TensorArray, unstacked and stacked",
    f: (x) => {
      const rows = new tf.TensorArray("float64", { size: 2, clearAfterRead: false }).unstack(tf.square(x!));
      return [rows.stack(), rows.gather([1])];
    },
    shapes: [m],
  },
  {
    name: "TensorArray, split and joined",
    f: (x) => {
      const parts = new tf.TensorArray("float64", { size: 2, inferShape: false });
      return tf.square(parts.split(tf.square(x!), [1, 2]).concat());
    },
    shapes: [[3, 2]],
  },
  ...["If", "StatelessIf"].flatMap((type) =>
    [true, false].map((chosen) => ({
      name: `${type}, ${chosen}`,
      f: (x: Tensor, y: Tensor) =>
        over(type, [tf.constant(chosen), [x, y]], { then_branch: product(), else_branch: sum() }, stated)[0]!,
      shapes: [m, m],
    })),
  ),
  ...["Case", "StatelessCase"].map((type) => ({
    name: type,
    f: (x: Tensor, y: Tensor) =>
      over(type, [tf.constant(1, "int32"), [x, y]], { branches: [sum(), product()] }, stated)[0]!,
    shapes: [m, m],
  })),
  ...["While", "StatelessWhile"].map((type) => ({
    name: type,
    f: (x: Tensor, y: Tensor) => loop(type, x, y),
    shapes: [m, m],
  })),
  ...["PartitionedCall", "StatefulPartitionedCall"].map((type) => ({
    name: type,
    f: (x: Tensor, y: Tensor) => over(type, [[x, y]], { f: product() }, stated)[0]!,
    shapes: [m, m],
  })),
  { name: "a call", f: (x, y) => product()(x!, y!), shapes: [m, m] },
];
