// The update rules of TensorFlow's training ops, one row each: which arguments they take and how they compute new
// values of their variables. Not how they become ops: see apply-ops.ts. Source of the formulas: the functors in
// tensorflow/core/kernels/training_ops.cc. Where TensorFlow takes another path for l1 = 0, the rows' one path gives the same.
import type { HloInstruction } from "@org/hlo";
import type { Elementwise } from "./elementwise.ts";

type Value = HloInstruction;

/** Arguments of an update by their OpDef names (`grad` also where the OpDef says `delta`). */
export type Arguments = Readonly<Record<string, Value>>;

/** What a rule may ask of its node. */
export interface RuleContext {
  readonly e: Elementwise;
  /** A bool attribute. */
  flag(name: string): boolean;
  /** The number of an argument that `known` names. */
  known(name: string): number;
}

export interface UpdateRule {
  /** Names of the variables, in order; the first is what is trained. */
  readonly variables: string;
  /** Names of the other arguments of the dense ops, in order. */
  readonly dense: string;
  /** The same of the sparse ops, where there are such. */
  readonly sparse?: string;
  /** Only for resource variables. */
  readonly resourceOnly?: true;
  /** Arguments whose numbers must be known when the update is planned. */
  readonly known?: string;
  /** New values by variable name; a variable that is not named keeps its value. */
  update(v: Arguments, c: RuleContext): Readonly<Record<string, Value>>;
}

const rule = (
  variables: string,
  args: { dense: string; sparse?: string; resourceOnly?: true; known?: string },
  update: UpdateRule["update"],
): UpdateRule => ({ variables, ...args, update });

const ftrl =
  (shrinks: boolean): UpdateRule["update"] =>
  (v, { e, known }) => {
    const power = known("lr_power");
    const root = (x: Value): Value => (power === -0.5 ? e.sqrt(x) : e.pow(x, -power));
    const grad = shrinks ? e.add(v.grad!, e.mul(e.mul(2, v.l2_shrinkage!), v.var!)) : v.grad!;
    const accum = e.add(v.accum!, e.square(v.grad!));
    const sigma = e.div(e.sub(root(accum), root(v.accum!)), v.lr!);
    const linear = e.add(v.linear!, e.sub(grad, e.mul(sigma, v.var!)));
    const x = e.sub(e.mul(v.l1!, e.sign(linear)), linear);
    const y = e.add(e.div(root(accum), v.lr!), e.mul(2, v.l2!));
    return { var: e.whereGreater(e.abs(linear), v.l1!, e.div(x, y), 0), accum, linear };
  };

/** sign(v) * max(|v| - rate * l1, 0) / (1 + l2 * rate), for v = var - grad * rate. */
const proximal = (v: Arguments, rate: Value, e: Elementwise): Value => {
  const moved = e.sub(v.var!, e.mul(v.grad!, rate));
  const shrunk = e.max(e.sub(e.abs(moved), e.mul(rate, v.l1!)), 0);
  return e.div(e.mul(e.sign(moved), shrunk), e.add(1, e.mul(v.l2!, rate)));
};

const adamMoments = (v: Arguments, e: Elementwise): { m: Value; v: Value; alpha: Value } => ({
  m: e.add(v.m!, e.mul(e.sub(v.grad!, v.m!), e.sub(1, v.beta1!))),
  v: e.add(v.v!, e.mul(e.sub(e.square(v.grad!), v.v!), e.sub(1, v.beta2!))),
  alpha: e.div(e.mul(v.lr!, e.sqrt(e.sub(1, v.beta2_power!))), e.sub(1, v.beta1_power!)),
});

const adamArguments = "beta1_power beta2_power lr beta1 beta2 epsilon grad";

/** Rules by what stands after "Apply" in the op types. */
export const updateRules: Readonly<Record<string, UpdateRule>> = {
  GradientDescent: rule("var", { dense: "alpha delta" }, (v, { e }) => ({
    var: e.sub(v.var!, e.mul(v.grad!, v.alpha!)),
  })),
  ProximalGradientDescent: rule(
    "var",
    { dense: "alpha l1 l2 delta", sparse: "alpha l1 l2 grad indices" },
    (v, { e }) => ({ var: proximal(v, v.alpha!, e) }),
  ),
  Momentum: rule(
    "var accum",
    { dense: "lr grad momentum", sparse: "lr grad indices momentum" },
    (v, { e, flag }) => {
      const accum = e.add(e.mul(v.accum!, v.momentum!), v.grad!);
      const step = flag("use_nesterov")
        ? e.add(e.mul(v.grad!, v.lr!), e.mul(e.mul(accum, v.momentum!), v.lr!))
        : e.mul(accum, v.lr!);
      return { var: e.sub(v.var!, step), accum };
    },
  ),
  KerasMomentum: rule(
    "var accum",
    { dense: "lr grad momentum", sparse: "lr grad indices momentum", resourceOnly: true },
    (v, { e, flag }) => {
      const push = e.mul(v.grad!, v.lr!);
      const accum = e.sub(e.mul(v.accum!, v.momentum!), push);
      const step = flag("use_nesterov") ? e.sub(e.mul(accum, v.momentum!), push) : accum;
      return { var: e.add(v.var!, step), accum };
    },
  ),
  Adam: rule("var m v", { dense: adamArguments }, (v, { e, flag }) => {
    const { m, v: second, alpha } = adamMoments(v, e);
    const direction = flag("use_nesterov")
      ? e.add(e.mul(v.grad!, e.sub(1, v.beta1!)), e.mul(v.beta1!, m))
      : m;
    const step = e.div(e.mul(direction, alpha), e.add(e.sqrt(second), v.epsilon!));
    return { var: e.sub(v.var!, step), m, v: second };
  }),
  AdamWithAmsgrad: rule("var m v vhat", { dense: adamArguments, resourceOnly: true }, (v, { e }) => {
    const { m, v: second, alpha } = adamMoments(v, e);
    const vhat = e.max(v.vhat!, second);
    const step = e.div(e.mul(m, alpha), e.add(e.sqrt(vhat), v.epsilon!));
    return { var: e.sub(v.var!, step), m, v: second, vhat };
  }),
  AdaMax: rule("var m v", { dense: "beta1_power lr beta1 beta2 epsilon grad" }, (v, { e }) => {
    const m = e.add(v.m!, e.mul(e.sub(v.grad!, v.m!), e.sub(1, v.beta1!)));
    const norm = e.max(e.mul(v.beta2!, v.v!), e.abs(v.grad!));
    const rate = e.div(v.lr!, e.sub(1, v.beta1_power!));
    return { var: e.sub(v.var!, e.mul(rate, e.div(m, e.add(norm, v.epsilon!)))), m, v: norm };
  }),
  Adagrad: rule("var accum", { dense: "lr grad", sparse: "lr grad indices" }, (v, { e, flag }) => {
    const accum = flag("update_slots") ? e.add(v.accum!, e.square(v.grad!)) : v.accum!;
    return { var: e.sub(v.var!, e.mul(e.mul(v.grad!, v.lr!), e.rsqrt(accum))), accum };
  }),
  AdagradV2: rule(
    "var accum",
    { dense: "lr epsilon grad", sparse: "lr epsilon grad indices" },
    (v, { e, flag }) => {
      const accum = flag("update_slots") ? e.add(v.accum!, e.square(v.grad!)) : v.accum!;
      const step = e.div(e.mul(v.grad!, v.lr!), e.add(e.sqrt(accum), v.epsilon!));
      return { var: e.sub(v.var!, step), accum };
    },
  ),
  ProximalAdagrad: rule(
    "var accum",
    { dense: "lr l1 l2 grad", sparse: "lr l1 l2 grad indices" },
    (v, { e }) => {
      const accum = e.add(v.accum!, e.square(v.grad!));
      return { var: proximal(v, e.mul(v.lr!, e.rsqrt(accum)), e), accum };
    },
  ),
  AdagradDA: rule(
    "var gradient_accumulator gradient_squared_accumulator",
    { dense: "grad lr l1 l2 global_step", sparse: "grad indices lr l1 l2 global_step" },
    (v, { e }) => {
      const sum = e.add(v.gradient_accumulator!, v.grad!);
      const squares = e.add(v.gradient_squared_accumulator!, e.square(v.grad!));
      const shrunk = e.max(e.sub(e.abs(sum), e.mul(v.global_step!, v.l1!)), 0);
      const scale = e.add(e.mul(v.l2!, e.mul(v.global_step!, v.lr!)), e.sqrt(squares));
      return {
        var: e.div(e.mul(e.mul(e.neg(v.lr!), e.sign(sum)), shrunk), scale),
        gradient_accumulator: sum,
        gradient_squared_accumulator: squares,
      };
    },
  ),
  Adadelta: rule(
    "var accum accum_update",
    { dense: "lr rho epsilon grad", sparse: "lr rho epsilon grad indices" },
    (v, { e }) => {
      const fresh = e.sub(1, v.rho!);
      const accum = e.add(e.mul(v.accum!, v.rho!), e.mul(e.square(v.grad!), fresh));
      const step = e.mul(
        e.mul(e.sqrt(e.add(v.accum_update!, v.epsilon!)), e.rsqrt(e.add(accum, v.epsilon!))),
        v.grad!,
      );
      const updates = e.add(e.mul(v.accum_update!, v.rho!), e.mul(e.square(step), fresh));
      return { var: e.sub(v.var!, e.mul(step, v.lr!)), accum, accum_update: updates };
    },
  ),
  RMSProp: rule(
    "var ms mom",
    { dense: "lr rho momentum epsilon grad", sparse: "lr rho momentum epsilon grad indices" },
    (v, { e }) => {
      const ms = e.add(v.ms!, e.mul(e.sub(e.square(v.grad!), v.ms!), e.sub(1, v.rho!)));
      const push = e.div(e.mul(v.grad!, v.lr!), e.sqrt(e.add(ms, v.epsilon!)));
      const mom = e.add(e.mul(v.mom!, v.momentum!), push);
      return { var: e.sub(v.var!, mom), ms, mom };
    },
  ),
  CenteredRMSProp: rule(
    "var mg ms mom",
    { dense: "lr rho momentum epsilon grad", sparse: "lr rho momentum epsilon grad indices" },
    (v, { e }) => {
      const fresh = e.sub(1, v.rho!);
      const ms = e.add(v.ms!, e.mul(e.sub(e.square(v.grad!), v.ms!), fresh));
      const mg = e.add(v.mg!, e.mul(e.sub(v.grad!, v.mg!), fresh));
      const variance = e.add(e.sub(ms, e.square(mg)), v.epsilon!);
      const mom = e.add(e.mul(v.mom!, v.momentum!), e.div(e.mul(v.grad!, v.lr!), e.sqrt(variance)));
      return { var: e.sub(v.var!, mom), mg, ms, mom };
    },
  ),
  Ftrl: rule(
    "var accum linear",
    { dense: "grad lr l1 l2 lr_power", sparse: "grad indices lr l1 l2 lr_power", known: "lr_power" },
    ftrl(false),
  ),
  FtrlV2: rule(
    "var accum linear",
    {
      dense: "grad lr l1 l2 l2_shrinkage lr_power",
      sparse: "grad indices lr l1 l2 l2_shrinkage lr_power",
      known: "lr_power",
    },
    ftrl(true),
  ),
  AddSign: rule("var m", { dense: "lr alpha sign_decay beta grad" }, (v, { e }) => {
    const m = e.add(e.mul(v.m!, v.beta!), e.mul(v.grad!, e.sub(1, v.beta!)));
    const agreement = e.mul(e.sign(v.grad!), e.sign(m));
    const scale = e.add(v.alpha!, e.mul(v.sign_decay!, agreement));
    return { var: e.sub(v.var!, e.mul(e.mul(v.lr!, scale), v.grad!)), m };
  }),
  PowerSign: rule("var m", { dense: "lr logbase sign_decay beta grad" }, (v, { e }) => {
    const m = e.add(e.mul(v.m!, v.beta!), e.mul(v.grad!, e.sub(1, v.beta!)));
    const agreement = e.mul(e.sign(v.grad!), e.sign(m));
    const scale = e.exp(e.mul(e.mul(v.logbase!, v.sign_decay!), agreement));
    return { var: e.sub(v.var!, e.mul(e.mul(v.lr!, scale), v.grad!)), m };
  }),
};
