// Where a cluster's computation runs: each instruction on the first device that supports it (its node's own before others), and the computation cut
// into segments of one device each, in order. Most clusters are one segment. Nothing is narrowed to make it fit.
import { TfError } from "@org/errors";
import {
  HloBuilder,
  type HloComputation,
  type HloDType,
  type HloInstruction,
  isTuple,
  resultsOf,
} from "@org/hlo";
import type { Device } from "./device.ts";
import { devicesFor, noKernel } from "./device-choice.ts";
import type { PlanNode } from "./plan-node.ts";

/** Where a segment's parameter or a computation's root is: a parameter of the whole, or a root of a segment. */
export type Place = { readonly parameter: number } | { readonly segment: number; readonly root: number };

export interface PlacedSegment {
  readonly device: Device;
  readonly computation: HloComputation;
  /** What parameter i is; those of a segment are of an earlier one. */
  readonly parameters: readonly Place[];
}

export interface Placement {
  readonly segments: readonly PlacedSegment[];
  /** Where each root of the computation is. */
  readonly roots: readonly Place[];
  /** By node index: the device of what was made for the node. */
  readonly deviceOf: ReadonlyMap<number, Device>;
  /** By node index: the devices that come before in order of preference, and why they do not take what was made for the node. */
  readonly passedOver: ReadonlyMap<number, readonly PassedOver[]>;
}

/** A device that did not get a node. */
export interface PassedOver {
  /** Name of the backend. */
  readonly backend: string;
  readonly why: string;
}

/** Instructions that are wherever their users are. */
const isFree = ({ opcode }: HloInstruction): boolean => opcode === "parameter" || opcode === "constant";

function typesOf(instruction: HloInstruction): HloDType[] {
  const results = isTuple(instruction.opcode) ? resultsOf(instruction) : [instruction];
  return [...results, ...instruction.operands].map(({ dtype }) => dtype);
}

/** What devices refused though they support it, and why: by `refusalKey`. */
export type Refused = ReadonlyMap<string, string>;

export function refusalKey(device: Device, instruction: HloInstruction): string {
  return `${device.index} ${instruction.opcode} ${typesOf(instruction)}`;
}

/** What placement goes by. */
export interface PlacementRules {
  readonly devices: readonly Device[];
  /** What instructions are made for, by their `site`. */
  readonly nodes: readonly PlanNode[];
  /** Whether nodes may run elsewhere than where they say. */
  readonly softPlacement: boolean;
}

/**
 * Places and cuts a computation. Throws TfError UNIMPLEMENTED that lists every op that no device takes; INVALID_ARGUMENT for one that the
 * device which it names does not take, where that is not soft.
 */
export function place(
  computation: HloComputation,
  { devices, nodes, softPlacement }: PlacementRules,
  refused: Refused,
): Placement {
  const orders = new Map<string, readonly Device[]>();
  const candidates = ({ site }: HloInstruction): readonly Device[] => {
    const wanted = (site === undefined ? undefined : nodes[site]?.op.device) ?? "";
    let order = orders.get(wanted);
    if (order === undefined) {
      order = devicesFor(wanted, devices, softPlacement);
      orders.set(wanted, order);
    }
    return order;
  };
  const deviceOf = new Map<HloInstruction, Device>();
  const nowhere: HloInstruction[] = [];
  const passedOver = new Map<number, PassedOver[]>();
  const passOver = ({ site }: HloInstruction, backend: string, why: string): void => {
    if (site === undefined) return;
    const known = passedOver.get(site) ?? [];
    passedOver.set(site, known);
    if (!known.some((other) => other.backend === backend && other.why === why)) known.push({ backend, why });
  };
  /** Why a device does not take an instruction; undefined where it does. */
  const objection = (device: Device, instruction: HloInstruction): string | undefined => {
    const types = typesOf(instruction);
    if (!device.supports(instruction.opcode, types))
      return `no kernel for ${instruction.opcode} of ${types.join(", ")}`;
    return refused.get(refusalKey(device, instruction));
  };
  const choose = (instruction: HloInstruction): Device | undefined => {
    for (const device of candidates(instruction)) {
      const why = objection(device, instruction);
      if (why === undefined) return device;
      passOver(instruction, device.name, why);
    }
    return undefined;
  };
  let whole: Device | undefined;
  let cuts = false;
  for (const instruction of computation.instructions) {
    if (isFree(instruction)) continue;
    const device =
      instruction.opcode === "getTupleElement" ? deviceOf.get(instruction.operands[0]!) : choose(instruction);
    if (device === undefined) {
      nowhere.push(instruction);
      continue;
    }
    deviceOf.set(instruction, device);
    if (whole !== undefined && whole !== device) cuts = true;
    whole ??= device;
  }
  if (nowhere.length > 0) throw unplaceable(nowhere, devices, nodes, softPlacement);
  const byNode = new Map<number, Device>();
  for (const [{ site }, device] of deviceOf) if (site !== undefined) byNode.set(site, device);
  if (!cuts) {
    const device = whole ?? devices[0]!;
    return {
      segments: [
        { device, computation, parameters: computation.parameters.map((_, parameter) => ({ parameter })) },
      ],
      roots: computation.roots.map((_, root) => ({ segment: 0, root })),
      deviceOf: byNode,
      passedOver,
    };
  }
  return { ...cut(computation, deviceOf), deviceOf: byNode, passedOver };
}

/**
 * The placement of a computation that, it seems, differs from an earlier one in extents alone. One that was not cut is taken over, since
 * devices are chosen by opcodes and types: whether it is of that structure is for the caller to see.
 */
export function placeAlike(
  earlier: Placement,
  computation: HloComputation,
  rules: PlacementRules,
  refused: Refused,
): Placement {
  const [whole, ...more] = earlier.segments;
  if (whole === undefined || more.length > 0) return place(computation, rules, refused);
  return { ...earlier, segments: [{ ...whole, computation }] };
}

function cut(
  computation: HloComputation,
  deviceOf: ReadonlyMap<HloInstruction, Device>,
): Omit<Placement, "deviceOf" | "passedOver"> {
  // Segments in order; an instruction goes into the first of its device that is not before what it needs.
  const order: Device[] = [];
  const segmentOf = new Map<HloInstruction, number>();
  for (const instruction of computation.instructions) {
    if (isFree(instruction)) continue;
    const device = deviceOf.get(instruction)!;
    let at = 0;
    for (const operand of instruction.operands)
      if (!isFree(operand)) {
        const from = segmentOf.get(operand)!;
        at = Math.max(at, order[from] === device ? from : from + 1);
      }
    while (at < order.length && order[at] !== device) at++;
    if (at === order.length) order.push(device);
    segmentOf.set(instruction, at);
  }
  const builders = order.map((_, i) => new HloBuilder(`${computation.name}.${i}`));
  const made = order.map(() => new Map<HloInstruction, HloInstruction>());
  const parameters: Place[][] = order.map(() => []);
  const roots: HloInstruction[][] = order.map(() => []);
  const rootAt = (instruction: HloInstruction): { segment: number; root: number } => {
    // A root that is a constant or parameter alone is in the first segment.
    const segment = segmentOf.get(instruction) ?? 0;
    const local = valueIn(segment, instruction);
    let root = roots[segment]!.indexOf(local);
    if (root < 0) root = roots[segment]!.push(local) - 1;
    return { segment, root };
  };
  const valueIn = (segment: number, instruction: HloInstruction): HloInstruction => {
    const known = made[segment]!.get(instruction);
    if (known !== undefined) return known;
    const builder = builders[segment]!;
    builder.site = instruction.site;
    let value: HloInstruction;
    if (instruction.opcode === "constant")
      value = builder.instruction("constant", [], instruction.attributes);
    else {
      value = builder.parameter(instruction.dtype, instruction.dims);
      parameters[segment]!.push(
        instruction.opcode === "parameter"
          ? { parameter: (instruction.attributes as { index: number }).index }
          : rootAt(instruction),
      );
    }
    made[segment]!.set(instruction, value);
    return value;
  };
  for (const instruction of computation.instructions) {
    if (isFree(instruction)) continue;
    const segment = segmentOf.get(instruction)!;
    const builder = builders[segment]!;
    const operands = instruction.operands.map((operand) => valueIn(segment, operand));
    builder.site = instruction.site;
    const copy = builder.instruction(instruction.opcode, operands, instruction.attributes, instruction);
    made[segment]!.set(instruction, copy);
  }
  const places = computation.roots.map(rootAt);
  return {
    segments: order.map((device, i) => ({
      device,
      computation: builders[i]!.build(roots[i]!),
      parameters: parameters[i]!,
    })),
    roots: places,
  };
}

function unplaceable(
  instructions: readonly HloInstruction[],
  devices: readonly Device[],
  nodes: readonly PlanNode[],
  softPlacement: boolean,
): TfError {
  const pinned = instructions.find(({ site }) => site !== undefined && nodes[site]?.op.device);
  if (!softPlacement && pinned !== undefined) return noKernel(nodes[pinned.site!]!);
  const names = devices.map((device) => device.name).join(", ") || "no backend";
  const lines = new Set(
    instructions.map((instruction) => {
      const node = instruction.site === undefined ? undefined : nodes[instruction.site]?.op;
      const what = `${instruction.opcode} of ${typesOf(instruction).join(", ")}`;
      return node ? `${node.name} (${node.type}): ${what}` : what;
    }),
  );
  const first = instructions.find(({ site }) => site !== undefined)?.site;
  const op = first === undefined ? undefined : nodes[first]?.op;
  return new TfError(
    "UNIMPLEMENTED",
    `Could not satisfy device placement on ${names}: ${[...lines].join("; ")}`,
    {
      ...(op ? { node: op.name, op: op.type } : {}),
      hint: "Add a backend that supports these to createSession, or allow the evaluator: { fallback: true }.",
    },
  );
}
