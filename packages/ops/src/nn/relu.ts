// Activations and the ops that their gradients are: Relu, Relu6, LeakyRelu, Elu, Selu, Softplus, Softsign.
// Source: core/ops/nn_ops.cc, core/kernels/relu_op_functor.h, softplus_op.h, softsign_op.h, python/ops/nn_grad.py.
import type { Operation, Tensor } from "@org/graph";
import type { HloInstruction } from "@org/hlo";
import { dtypes } from "@org/tensor";
import { applyOne } from "../apply-op.ts";
import { concat } from "../array/concat.ts";
import { zeros, zerosLike } from "../array/fill.ts";
import { shape } from "../array/shape-of.ts";
import { convertToTensor, resolveGraph, withScope } from "../convert.ts";
import { defineOps, type OpSpec } from "../define.ts";
import { after, type Grad, single } from "../gradient.ts";
import { filled } from "../lowering.ts";
import { cast } from "../math/cast.ts";
import { operator } from "../math/operator.ts";
import { where } from "../math/select.ts";
import { exp, sigmoid } from "../math/unary.ts";
import type { LoweringContext, OpEntry } from "../op-entry.ts";
import { mergeShapes, unchanged } from "../shape-rules.ts";
import type { NameOption, TensorLike } from "../tensor-like.ts";

type Node = HloInstruction;

/** Arithmetic on lowered values of one shape. */
interface Kit {
  readonly c: LoweringContext;
  /** A number like the values. */
  n(value: number): Node;
  add(a: Node, b: Node): Node;
  mul(a: Node, b: Node): Node;
  div(a: Node, b: Node): Node;
  max(a: Node, b: Node): Node;
  min(a: Node, b: Node): Node;
  /** `then` where a < b. */
  ifLess(a: Node, b: Node, then: Node, otherwise: Node): Node;
  exp(a: Node): Node;
  expm1(a: Node): Node;
}

function kit(c: LoweringContext): Kit {
  const b = c.builder;
  const binary = (op: Parameters<typeof b.binary>[0]) => (x: Node, y: Node) => b.binary(op, x, y);
  return {
    c,
    n: (value) => filled(c, c.input(0), value),
    add: binary("add"),
    mul: binary("multiply"),
    div: binary("divide"),
    max: binary("maximum"),
    min: binary("minimum"),
    ifLess: (x, y, then, otherwise) => b.select(b.compare("LT", x, y), then, otherwise),
    exp: (x) => b.unary("exp", x),
    expm1: (x) => b.unary("expm1", x),
  };
}

function activation(
  lower: (x: Node, k: Kit) => Node,
  gradient: (op: Operation, grad: Grad) => Tensor,
): OpSpec {
  return { shape: unchanged, lower: (c) => lower(c.input(0), kit(c)), gradient: single(gradient) };
}

/** A gradient op of (gradients, features or outputs). */
function activationGrad(
  lower: (dy: Node, x: Node, k: Kit) => Node,
  gradient?: (op: Operation, grad: Grad) => readonly (Tensor | undefined)[],
): OpSpec {
  return {
    shape: (c) => [mergeShapes(c.input(0), c.input(1))],
    lower: (c) => {
      const [dy, x] = [c.input(0), c.input(1)];
      if (`${dy.dims}` !== `${x.dims}`) {
        c.fail("INVALID_ARGUMENT", "Inputs to operation must have the same size and shape.");
      }
      return lower(dy, x, kit(c));
    },
    ...(gradient ? { gradient: single(gradient) } : {}),
  };
}

const byOp =
  (type: string, from: "input" | "output") =>
  (op: Operation, grad: Grad): Tensor =>
    applyOne(type, [grad, from === "input" ? op.inputs[0]! : op.outputs[0]!]);

/** (f'(dy, x), 0): what is linear in dy, with nothing for x. */
const linear =
  (type: string) =>
  (op: Operation, grad: Grad): readonly Tensor[] => {
    const x = op.inputs[1]!;
    return [applyOne(type, [grad, x]), zeros(shape(x), x.dtype)];
  };

/** (f'(dy, x), ddx where x < 0): for exponential branches. */
const exponential =
  (type: string) =>
  (op: Operation, grad: Grad): readonly Tensor[] => {
    const [dy, x] = op.inputs as [Tensor, Tensor];
    const first = applyOne(type, [grad, x]);
    const negative = operator.lt(x, 0);
    const product = operator.mul(grad, dy);
    return [first, where(negative, product, zerosLike(x))];
  };

/** ELU's scale and scale * alpha as in "Self-Normalizing Neural Networks". */
const seluScale = 1.0507009873554805;
const seluScaleAlpha = 1.7580993408473768;

type Activation = (features: TensorLike, options?: NameOption) => Tensor;
const node = (type: string): Activation => {
  return (features, options = {}) => applyOne(type, [features], options);
};

/** tf.nn.relu: max(x, 0). @tfExport nn.relu */
export const relu: Activation = node("Relu");
/** tf.nn.elu: x above 0, e^x - 1 below. @tfExport nn.elu */
export const elu: Activation = node("Elu");
/** tf.nn.selu: elu with the scales that keep mean and variance. @tfExport nn.selu */
export const selu: Activation = node("Selu");
/** tf.nn.softplus: log(1 + e^x). @tfExport nn.softplus */
export const softplus: Activation = node("Softplus");
/** tf.nn.softsign: x / (1 + |x|). @tfExport nn.softsign */
export const softsign: Activation = node("Softsign");

/** tf.nn.relu6: min(max(x, 0), 6). @tfExport nn.relu6 */
export function relu6(features: TensorLike, options: NameOption = {}): Tensor {
  const graph = resolveGraph([features]);
  return withScope(graph, options.name, "Relu6", (scope) =>
    applyOne("Relu6", [convertToTensor(features, { name: "features", graph })], { name: scope }),
  );
}

/** tf.nn.leaky_relu: x above 0, alpha x (0.2 unless given) below. @tfExport nn.leakyRelu */
export function leakyRelu(features: TensorLike, options: NameOption & { alpha?: number } = {}): Tensor {
  const graph = resolveGraph([features]);
  return withScope(graph, options.name, "LeakyRelu", (scope) => {
    let x = convertToTensor(features, { name: "features", graph });
    if (dtypes[x.dtype].kind === "int" || dtypes[x.dtype].kind === "uint") x = cast(x, "float32");
    return applyOne("LeakyRelu", [x], { name: scope, attrs: { alpha: options.alpha ?? 0.2 } });
  });
}

/** tf.nn.crelu: relu of x and of -x, joined along `axis` (-1 unless given). @tfExport nn.crelu */
export function crelu(features: TensorLike, options: NameOption & { axis?: number } = {}): Tensor {
  const graph = resolveGraph([features]);
  return withScope(graph, options.name, "CRelu", (scope) => {
    const x = convertToTensor(features, { name: "features", graph });
    return relu(concat([x, operator.neg(x)], options.axis ?? -1, { name: scope }));
  });
}

/** Activations. */
export const reluOps: readonly OpEntry[] = defineOps({
  Relu: activation((x, k) => k.max(x, k.n(0)), byOp("ReluGrad", "output")),
  ReluGrad: activationGrad((dy, x, k) => k.ifLess(k.n(0), x, dy, k.n(0)), linear("ReluGrad")),
  Relu6: activation((x, k) => k.min(k.max(x, k.n(0)), k.n(6)), byOp("Relu6Grad", "output")),
  Relu6Grad: activationGrad(
    (dy, x, k) => k.ifLess(k.n(0), x, k.ifLess(x, k.n(6), dy, k.n(0)), k.n(0)),
    linear("Relu6Grad"),
  ),
  LeakyRelu: activation(
    (x, k) => k.max(x, k.mul(x, k.n(k.c.attrs.float("alpha")))),
    (op, grad) =>
      applyOne("LeakyReluGrad", [grad, op.inputs[0]!], { attrs: { alpha: op.attrs.float("alpha") } }),
  ),
  LeakyReluGrad: activationGrad(
    (dy, x, k) => k.ifLess(k.n(0), x, dy, k.mul(dy, k.n(k.c.attrs.float("alpha")))),
    (op, grad) => {
      const x = op.inputs[1]!;
      const first = applyOne("LeakyReluGrad", [grad, x], { attrs: { alpha: op.attrs.float("alpha") } });
      return [first, zeros(shape(x), x.dtype)];
    },
  ),
  Elu: activation((x, k) => k.ifLess(x, k.n(0), k.expm1(x), x), byOp("EluGrad", "output")),
  EluGrad: activationGrad(
    (dy, y, k) => k.ifLess(y, k.n(0), k.mul(k.add(y, k.n(1)), dy), dy),
    exponential("EluGrad"),
  ),
  Selu: activation(
    (x, k) => k.ifLess(x, k.n(0), k.mul(k.n(seluScaleAlpha), k.expm1(x)), k.mul(k.n(seluScale), x)),
    byOp("SeluGrad", "output"),
  ),
  SeluGrad: activationGrad(
    (dy, y, k) => k.ifLess(y, k.n(0), k.mul(dy, k.add(y, k.n(seluScaleAlpha))), k.mul(dy, k.n(seluScale))),
    exponential("SeluGrad"),
  ),
  // Far from 0 it is x or e^x to the last bit.
  Softplus: activation(
    (x, k) => {
      const epsilon =
        { float64: 2 ** -52, float16: 2 ** -10, bfloat16: 2 ** -7 }[x.dtype as string] ?? 2 ** -23;
      const threshold = Math.log(epsilon) + 2;
      const e = k.exp(x);
      const between = k.ifLess(k.n(-threshold), x, x, k.c.builder.unary("log1p", e));
      return k.ifLess(x, k.n(threshold), e, between);
    },
    (op, grad) => operator.mul(grad, sigmoid(op.inputs[0]!)),
  ),
  SoftplusGrad: activationGrad(
    (dy, x, k) => k.div(dy, k.add(k.exp(k.c.builder.unary("negate", x)), k.n(1))),
    (op, grad) => {
      const [dy, x] = op.inputs as [Tensor, Tensor];
      return after(grad, () => {
        const first = applyOne("SoftplusGrad", [grad, x]);
        const numerator = operator.mul(grad, dy);
        const sum = operator.add(operator.add(exp(operator.neg(x)), 2), exp(x));
        return [first, operator.truediv(numerator, sum)];
      });
    },
  ),
  Softsign: activation(
    (x, k) => k.div(x, k.add(k.c.builder.unary("abs", x), k.n(1))),
    byOp("SoftsignGrad", "input"),
  ),
  SoftsignGrad: activationGrad((dy, x, k) => {
    const d = k.add(k.c.builder.unary("abs", x), k.n(1));
    return k.div(dy, k.mul(d, d));
  }),
});
