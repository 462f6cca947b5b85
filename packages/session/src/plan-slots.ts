// The slots of a run plan: numbered as they are asked for, each with the units that use it.
import { type Cluster, type OpenCluster, type SlotTable, sourceKey } from "./cluster.ts";
import type { Device } from "./device.ts";
import type { Foldability } from "./foldable.ts";
import type { Frame, Frames } from "./frames.ts";
import { outputDType, type PlanNode, type Source } from "./plan-node.ts";
import { liftUnit } from "./unit-controls.ts";
import type { UnitDraft } from "./units.ts";
import { TensorValue, type Value } from "./values.ts";
import type { VariableState } from "./variable-state.ts";

interface SlotDraft {
  readonly source: Source;
  readonly users: Set<number>;
  value: boolean;
  fixed: Value | undefined;
}

/** What slots are told by. */
export interface SlotRules {
  readonly devices: readonly Device[];
  readonly foldable: readonly Foldability[];
  readonly folded: readonly boolean[];
  /** The variable behind a source, where the graph tells. */
  readonly variable: (source: Source) => VariableState | undefined;
  /** Known before the run. */
  readonly isStatic: (node: PlanNode) => boolean;
}

/** How often slots are used, and by what. */
export interface SlotUses {
  /** By slot; 0 for those that are never freed by counting. */
  readonly uses: Int32Array;
  /** By unit: the slots that it uses. */
  readonly ofUnit: readonly (readonly number[])[];
  /** By frame: slots that Enter fills, and those that its units do. */
  readonly entered: ReadonlyMap<Frame, readonly number[]>;
  readonly filled: ReadonlyMap<Frame, readonly number[]>;
}

export class PlanSlots implements SlotTable {
  readonly foldable: readonly Foldability[];
  readonly folded: readonly boolean[];
  readonly variable: (source: Source) => VariableState | undefined;
  /** The unit that asks for slots now, or -1. */
  user = -1;
  readonly #rules: SlotRules;
  readonly #slots: SlotDraft[] = [];
  readonly #at: Map<string, number> = new Map();
  #byNode: Map<PlanNode, number[]> | undefined;

  constructor(rules: SlotRules) {
    this.#rules = rules;
    this.foldable = rules.foldable;
    this.folded = rules.folded;
    this.variable = rules.variable;
  }

  slot(source: Source, demand: "value" | "host" | "shape" | "ref"): number {
    const key = sourceKey(source);
    let at = this.#at.get(key);
    if (at === undefined) {
      at = this.#slots.length;
      this.#at.set(key, at);
      this.#slots.push({ source, users: new Set(), value: false, fixed: this.#fixedValue(source) });
    }
    const slot = this.#slots[at]!;
    if (this.user >= 0) slot.users.add(this.user);
    if (demand !== "shape") slot.value = true;
    return at;
  }

  /** The slot of what `sourceKey` names, or -1 where nobody has asked for it. */
  find(key: string): number {
    return this.#at.get(key) ?? -1;
  }

  /** What slots hold before a run: constants, Refs. */
  get template(): (Value | undefined)[] {
    return this.#slots.map((slot) => slot.fixed);
  }

  #fixedValue(source: Source): Value | undefined {
    const { devices, isStatic, variable } = this.#rules;
    const { node } = source;
    if (node === undefined || !isStatic(node)) return undefined;
    if (node.kind === "const") {
      const value = node.op.attrs.tensor("value");
      return new TensorValue(devices, value.dtype, value.shape, value);
    }
    const found = variable(source)!;
    return node.op.type === "VarHandleOp"
      ? new TensorValue(devices, "resource", [], { dtype: "resource", shape: [], data: [found] })
      : { kind: "ref", variable: found };
  }

  /** Counts uses when all have been asked for; each of `fetches` is one more. */
  count(frames: Frames, drafts: readonly UnitDraft[], fetches: readonly number[]): SlotUses {
    const uses = new Int32Array(this.#slots.length);
    const ofUnit: number[][] = drafts.map(() => []);
    const entered = new Map<Frame, number[]>();
    const filled = new Map<Frame, number[]>();
    for (const [at, slot] of this.#slots.entries()) {
      if (slot.fixed !== undefined) continue;
      const { node } = slot.source;
      const frame = node ? frames.outputOf[node.index]! : frames.all[0]!;
      if (node?.kind === "enter") {
        push(entered, frame, at);
        continue;
      }
      push(filled, frame, at);
      const users = new Set([...slot.users].map((unit) => liftUnit(unit, frame, drafts)));
      for (const unit of users) ofUnit[unit]!.push(at);
      uses[at] = users.size;
    }
    for (const at of fetches) if (this.#slots[at]!.fixed === undefined) uses[at]!++;
    return { uses, ofUnit, entered, filled };
  }

  /** A cluster with its outputs: all slots that its nodes fill. */
  closeCluster(open: OpenCluster): Cluster {
    const outputs = open.nodes.flatMap((node) =>
      (this.#slotsOf(node) ?? []).map((slot) => {
        const { source, value } = this.#slots[slot]!;
        const passed =
          source.tensor.isRef && node.kind !== "read"
            ? node.inputs.findIndex((input) => input.tensor.isRef)
            : -1;
        return {
          slot,
          node,
          output: source.output,
          dtype: outputDType(node, source.output),
          shapeOnly: !value,
          variable: passed < 0 ? -1 : open.variableAt.get(node)![passed]!,
        };
      }),
    );
    return { ...open, outputs, plans: [], outlines: [] };
  }

  #slotsOf(node: PlanNode): readonly number[] | undefined {
    if (this.#byNode === undefined) {
      this.#byNode = new Map();
      for (const [at, { source }] of this.#slots.entries())
        if (source.node) push(this.#byNode, source.node, at);
    }
    return this.#byNode.get(node);
  }
}

function push<K, V>(map: Map<K, V[]>, key: K, value: V): void {
  const list = map.get(key);
  if (list) list.push(value);
  else map.set(key, [value]);
}
