// The ops that gradients of unary functions are: TanhGrad(y, dy) and its kin, with their own gradients.
// Source: core/kernels/cwise_ops_gradients.h, python/ops/math_grad.py.

import type { Operation, Tensor } from "@org/graph";
import type { HloInstruction } from "@org/hlo";
import { applyOne } from "../apply-op.ts";
import { withComplexFunctions } from "../complex/kernels.ts";
import { defineOps, type OpSpec } from "../define.ts";
import { after, type Grad, single } from "../gradient.ts";
import { filled } from "../lowering.ts";
import type { LoweringContext, OpEntry } from "../op-entry.ts";
import { unchanged } from "../shape-rules.ts";
import { conj } from "./conj.ts";
import { operator } from "./operator.ts";
import { square } from "./unary.ts";

const { mul, neg, sub, truediv } = operator;

type Node = HloInstruction;

/** Multiplication and subtraction of lowered values. */
interface Arithmetic {
  mul(a: Node, b: Node): Node;
  sub(a: Node, b: Node): Node;
  number(value: number): Node;
}

function lowered(f: (y: Node, dy: Node, a: Arithmetic, c: LoweringContext) => Node): OpSpec["lower"] {
  return (c) => {
    const y = c.input(0);
    return f(
      y,
      c.input(1),
      {
        mul: (a, b) => c.builder.binary("multiply", a, b),
        sub: (a, b) => c.builder.binary("subtract", a, b),
        number: (value) => filled(c, y, value),
      },
      c,
    );
  };
}

function entry(
  f: (y: Node, dy: Node, a: Arithmetic, c: LoweringContext) => Node,
  gradient: (a: Tensor, b: Tensor, grad: Grad, op: Operation) => readonly [Tensor, Tensor],
): OpSpec {
  return {
    shape: unchanged,
    lower: lowered(f),
    gradient: single((op, grad) => {
      const [a, b] = op.inputs as [Tensor, Tensor];
      return after(grad, () => gradient(a, b, grad, op));
    }),
  };
}

const node = (type: string, a: Tensor, b: Grad): Tensor => applyOne(type, [a, b]);

// y = 1/x: -dy y^2; TensorFlow's second derivative takes a = y, b = dy
const reciprocal = entry(
  (y, dy, a) => a.mul(a.mul(dy, a.number(-1)), a.mul(y, y)),
  (a0, b, grad) => {
    const a = conj(a0);
    const g = conj(grad as Tensor);
    return [mul(mul(mul(g, -2), b), a), node("ReciprocalGrad", a, grad)];
  },
);

/** Gradient ops of unary functions. */
export const unaryGradientOps: readonly OpEntry[] = defineOps(
  withComplexFunctions({
    InvGrad: reciprocal,
    ReciprocalGrad: reciprocal,
    // y = sqrt(x): dy / 2 / y
    SqrtGrad: entry(
      (y, dy, a, c) => c.builder.binary("divide", a.mul(dy, a.number(0.5)), y),
      (a, _, grad, { outputs }) => {
        const ga = truediv(grad, a);
        return [mul(neg(conj(ga)), outputs[0]!), mul(0.5, ga)];
      },
    ),
    // y = 1/sqrt(x): -dy y^3 / 2
    RsqrtGrad: entry(
      (y, dy, a) => a.mul(a.mul(dy, a.number(-0.5)), a.mul(a.mul(y, y), y)),
      (a0, b, grad) => {
        const a = conj(a0);
        const g = conj(grad as Tensor);
        const gradA = mul(mul(mul(-1.5, g), b), square(a));
        return [gradA, node("RsqrtGrad", a, grad)];
      },
    ),
    // y = 1/(1+e^-x): dy y (1 - y)
    SigmoidGrad: entry(
      (y, dy, a) => a.mul(a.mul(dy, y), a.sub(a.number(1), y)),
      (a0, b0, grad) => {
        const a = conj(a0);
        const gb = mul(grad, conj(b0));
        return [sub(gb, mul(mul(2, gb), a)), node("SigmoidGrad", a, grad)];
      },
    ),
    // y = tanh(x): dy (1 - y^2)
    TanhGrad: entry(
      (y, dy, a) => a.mul(dy, a.sub(a.number(1), a.mul(y, y))),
      (a0, b0, grad) => {
        const a = conj(a0);
        const b = conj(b0);
        return [mul(mul(mul(grad, -2), b), a), node("TanhGrad", a, grad)];
      },
    ),
  }),
);
