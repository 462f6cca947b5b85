// Numeric checks of gradients of special functions.
import type { Tensor } from "@org/graph";
import * as tf from "../../src/index.ts";
import type { NumericCheck } from "../numeric-gradient.ts";

const positive = [0.3, 4] as const;
const m = [2, 3];
const fixed = (...values: number[]): Tensor => tf.constant(values, "float64");

const cases: readonly (readonly [
  string,
  NumericCheck["f"],
  readonly (readonly number[])[],
  (readonly [number, number])?,
])[] = [
  ["igamma", (a, x) => tf.igamma(a!, x!), [m, [3]], positive],
  ["igammac", (a, x) => tf.igammac(a!, x!), [[3], m], positive],
  ["zeta by q", (q) => tf.zeta(fixed(2, 3.5, 5), q!), [m], positive],
  ["polygamma by x", (x) => tf.polygamma(fixed(0, 1, 3), x!), [m], positive],
  ["digamma", (x) => tf.digamma(x!), [m], positive],
  ["lgamma, twice", (x) => tf.gradients(tf.lgamma(x!), [x!])[0] as Tensor, [m], positive],
  ["betainc by x", (x) => tf.betainc(fixed(0.5, 2, 3), fixed(2, 1, 0.7), x!), [[3]], [0.1, 0.9]],
  ["betainc by a scalar x", (x) => tf.betainc(fixed(0.5, 2, 3), 2, x!), [[]], [0.1, 0.9]],
  ["besselI0e", (x) => tf.besselI0e(x!), [m], [-3, 3]],
  ["besselI1e", (x) => tf.besselI1e(x!), [m], [-3, 3]],
  ["besselI0", (x) => tf.besselI0(x!), [m], [-3, 3]],
  ["besselI1", (x) => tf.besselI1(x!), [m], [-3, 3]],
  ["lbeta", (x) => tf.lbeta(x!), [m], positive],
  ["polyval", (x, y) => tf.polyval([y!, fixed(2), y!], x!), [m, [3]]],
];

export const checks: readonly NumericCheck[] = cases.flatMap(([name, f, shapes, range]) =>
  [false, true].map((dynamic) => ({
    name: `${name}${dynamic ? " where shapes are not known" : ""}`,
    f,
    shapes,
    dynamic,
    ...(range ? { range } : {}),
  })),
);
