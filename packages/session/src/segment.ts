// A segment ready to run: the kernels of one device in order, where each reads and writes, and what is freed when.
// Intermediate values use a slot again as soon as its last reader is done. A variable's buffer is donated to its new
// value where the last reader of the old one can write in place. Steps that write over variables come after all that may meet bad data.
import type { Backend, Executable, Fusion, FusionPlan, HloComputation, HloInstruction } from "@org/hlo";
import type { NumericData } from "@org/tensor";
import type { Device } from "./device.ts";
import { faultyInstruction } from "./faults.ts";
import { byteLengthOf } from "./values.ts";

/** A kernel of a segment. */
export interface Step {
  readonly fusion: Fusion;
  readonly inputs: readonly number[];
  readonly outputs: readonly number[];
  /** Slot of each output that is an intermediate value, else -1. */
  readonly slots: readonly number[];
  /** For each output the position of the input that is donated to it, or -1. */
  readonly donated: readonly number[];
  readonly donates: boolean;
  /** For each output the parameter of the segment that is donated to it, or -1. */
  readonly donatedParameters: readonly number[];
  readonly site: number;
  /** What may meet bad data. */
  readonly faulty: HloInstruction | undefined;
  /** Prepared kernels: with donation, and without for when an old value has another reader. */
  inPlace: Executable | undefined;
  copying: Executable | undefined;
  /** Why the device does not take the step, where it refused. */
  refusal: string | undefined;
}

export interface Segment {
  readonly device: Device;
  readonly plan: FusionPlan;
  readonly steps: readonly Step[];
  /** Those that may write over variables. */
  readonly donating: readonly Step[];
  readonly slotBytes: readonly number[];
  readonly byteLengths: readonly number[];
  /** The roots as the computation has them: a value's own dims may be others (reshapes move nothing). */
  readonly rootDims: readonly { readonly dims: readonly number[] }[];
  /** By parameter: whether any kernel reads it (or it is a root). */
  readonly parameterUsed: readonly boolean[];
  /** Whether a kernel may meet bad data. */
  readonly mayFail: boolean;
  /** The step before which that must be known, since it writes over variables; -1 where none does. */
  readonly checksFirst: number;
}

/** A parameter (the old value of a variable) that may be donated to a root (its new value). */
export interface Donation {
  readonly parameter: number;
  readonly root: number;
}

/** Lays out a fused computation on its device; kernels are prepared afterwards. */
export function layOut(
  device: Device,
  computation: HloComputation,
  plan: FusionPlan,
  donations: readonly Donation[],
): Segment {
  const byteLengths = plan.values.map(({ dtype, dims }) => byteLengthOf(dtype, dims));
  const donors = acceptedDonations(plan, byteLengths, donations);
  const faulty = plan.steps.map((step) => faultyInstruction(step.fusion));
  const order =
    faulty.some((instruction) => instruction) && donors.size > 0
      ? donatingLast(plan, donors)
      : plan.steps.map((_, i) => i);
  const lastUse = new Map<number, number>();
  order.forEach((step, at) => {
    for (const value of plan.steps[step]!.inputs) lastUse.set(value, at);
  });
  const kept = new Set<number>([
    ...plan.parameters,
    ...plan.constants.map(({ value }) => value),
    ...plan.roots,
  ]);
  const slotBytes: number[] = [];
  const slotOf = new Map<number, number>();
  const free = new Map<number, number[]>();
  const slotFor = (value: number): number => {
    const bytes = byteLengths[value]!;
    let slot = free.get(bytes)?.pop();
    if (slot === undefined) slot = slotBytes.push(bytes) - 1;
    slotOf.set(value, slot);
    return slot;
  };
  const giveBack = (value: number): void => {
    const slot = slotOf.get(value);
    if (slot === undefined) return;
    const list = free.get(slotBytes[slot]!);
    if (list) list.push(slot);
    else free.set(slotBytes[slot]!, [slot]);
    slotOf.delete(value);
  };
  const steps = order.map((index, at): Step => {
    const { fusion, inputs, outputs } = plan.steps[index]!;
    const slots = outputs.map((value) => (kept.has(value) ? -1 : slotFor(value)));
    for (const value of new Set(inputs)) if (lastUse.get(value) === at) giveBack(value);
    for (const value of outputs) if (!lastUse.has(value)) giveBack(value);
    const donated = donors.get(index) ?? outputs.map(() => -1);
    const instruction = faulty[index];
    return {
      fusion,
      inputs,
      outputs,
      slots,
      donated,
      donates: donated.some((input) => input >= 0),
      donatedParameters: donated.map((input) => (input < 0 ? -1 : plan.parameters.indexOf(inputs[input]!))),
      site: instruction?.site ?? fusion.computation.roots[0]?.site ?? -1,
      faulty: instruction,
      inPlace: undefined,
      copying: undefined,
      refusal: undefined,
    };
  });
  const used = new Set<number>([...steps.flatMap((step) => step.inputs), ...plan.roots]);
  const firstDonating = steps.findIndex((step) => step.donates);
  const mayFail = steps.some((step) => step.faulty);
  return {
    device,
    plan,
    steps,
    donating: steps.filter((step) => step.donates),
    slotBytes,
    byteLengths,
    rootDims: computation.roots,
    parameterUsed: plan.parameters.map((value) => used.has(value)),
    mayFail,
    checksFirst: mayFail && firstDonating > 0 ? firstDonating : -1,
  };
}

/** By step: for each output the donated input. */
function acceptedDonations(
  plan: FusionPlan,
  byteLengths: readonly number[],
  donations: readonly Donation[],
): Map<number, number[]> {
  const accepted = new Map<number, number[]>();
  const rootUses = new Map<number, number>();
  for (const value of plan.roots) rootUses.set(value, (rootUses.get(value) ?? 0) + 1);
  for (const { parameter, root } of donations) {
    const old = plan.parameters[parameter]!;
    const made = plan.roots[root]!;
    if (old === made || rootUses.has(old) || byteLengths[old] !== byteLengths[made]) continue;
    if (plan.parameters.filter((value) => value === old).length > 1) continue;
    const producer = plan.steps.findIndex((step) => step.outputs.includes(made));
    if (producer < 0) continue;
    const step = plan.steps[producer]!;
    const input = step.inputs.indexOf(old);
    const output = step.outputs.indexOf(made);
    const laterReader = plan.steps.some((other, i) => i > producer && other.inputs.includes(old));
    if (input < 0 || laterReader || step.inputs.lastIndexOf(old) !== input) continue;
    if (!step.donations[output]!.includes(input)) continue;
    const row = accepted.get(producer) ?? step.outputs.map(() => -1);
    if (row[output] !== -1 || row.includes(input)) continue;
    row[output] = input;
    accepted.set(producer, row);
  }
  return accepted;
}

/** Steps in an order that has those which write over variables, and what follows from them, at the end. */
function donatingLast(plan: FusionPlan, donors: ReadonlyMap<number, unknown>): number[] {
  const late = new Set<number>();
  const lateValues = new Set<number>();
  plan.steps.forEach((step, i) => {
    if (!donors.has(i) && !step.inputs.some((value) => lateValues.has(value))) return;
    late.add(i);
    for (const value of step.outputs) lateValues.add(value);
  });
  const all = plan.steps.map((_, i) => i);
  return [...all.filter((i) => !late.has(i)), ...all.filter((i) => late.has(i))];
}

type Prepared = Awaited<ReturnType<Backend["prepare"]>>;

/** Whether `prepare` refused. */
export function isRefusal(prepared: Prepared): prepared is Extract<Prepared, { refused: string }> {
  return "refused" in prepared;
}

/** Uploads a segment's constants, which the device then holds until `dropConstants`. */
export function holdConstants(segment: Segment): void {
  for (const { data } of segment.plan.constants) segment.device.holdConstant(data.data as NumericData);
}

/** Ends `holdConstants`. */
export function dropConstants(segment: Segment): void {
  for (const { data } of segment.plan.constants) segment.device.dropConstant(data.data as NumericData);
}
