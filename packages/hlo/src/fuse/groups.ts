// Which instructions run in one kernel. Begins with a group an instruction and merges producers into consumers where
// that saves memory traffic, makes no cycle, and loops can express it. No plan here: see fuse.ts.
import type { FusionKind } from "../fusion.ts";
import type { HloComputation, HloDType, HloInstruction, Opcode } from "../instruction.ts";
import { buildNest } from "../nest/build-nest.ts";
import { rowsReduced } from "../nest/build-rows.ts";
import { isView } from "../nest/view.ts";
import { isElementwise, isTuple } from "../opcodes.ts";
import { chooseInlined } from "./inlined.ts";
import { type Kernel, kernelOf } from "./kernel-of.ts";
import { shareRows } from "./row-groups.ts";

export interface FusionOptions {
  /** False: one instruction a kernel. True unless given. */
  readonly enabled?: boolean;
  /** What may be fused, as Backend.supports; anything else is a kernel of its own. Everything unless given. */
  readonly supports?: (opcode: Opcode, dtypes: readonly HloDType[]) => boolean;
  /** As Backend.alsoFuses: kinds that are not made otherwise. None unless given. */
  readonly alsoFuses?: readonly FusionKind[] | undefined;
  /** Limits of one kernel: 16 inputs, 8 outputs (1 of a product or convolution) and 128 scalar operations unless given. */
  readonly maxInputs?: number;
  readonly maxOutputs?: number;
  readonly maxDotOutputs?: number;
  readonly maxOperations?: number;
  /** As Backend.maxBuffers: inputs and outputs of one kernel together; no bound of its own unless given. */
  readonly maxBuffers?: number | undefined;
}

/** Instructions that run in one kernel. */
export interface Group {
  readonly kind: FusionKind;
  readonly members: ReadonlySet<HloInstruction>;
}

/** One way from a consumer's operand down to the instruction that computes it. */
interface Edge {
  readonly producer: HloInstruction;
  /** Only reshapes between: both run over the same elements. */
  readonly aligned: boolean;
  /** A broadcast between: the producer has fewer elements. */
  readonly spread: boolean;
}

/** The grouping of a computation's instructions. */
export class Groups {
  readonly computation: HloComputation;
  readonly users: ReadonlyMap<HloInstruction, readonly HloInstruction[]>;
  readonly #roots: ReadonlySet<HloInstruction>;
  readonly #options: Required<FusionOptions>;
  readonly #groupOf: Map<HloInstruction, Group> = new Map();
  /** Read through: not computed for itself, but by everyone who reads it. */
  readonly #inlined: ReadonlySet<HloInstruction>;
  /** Of a dot: operands whose views no strides can say. */
  readonly #opaque: Set<HloInstruction> = new Set();

  constructor(computation: HloComputation, options: FusionOptions) {
    this.computation = computation;
    this.#options = {
      enabled: true,
      supports: () => true,
      alsoFuses: [],
      maxInputs: 16,
      maxOutputs: 8,
      maxDotOutputs: 1,
      maxOperations: 128,
      maxBuffers: Number.POSITIVE_INFINITY,
      ...Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined)),
    };
    const users = new Map<HloInstruction, HloInstruction[]>(computation.instructions.map((i) => [i, []]));
    for (const instruction of computation.instructions)
      for (const operand of new Set(instruction.operands)) users.get(operand)!.push(instruction);
    this.users = users;
    this.#roots = new Set(computation.roots);
    this.#inlined = chooseInlined({
      computation,
      users,
      enabled: this.#options.enabled,
      supported: (instruction) => this.#supported(instruction),
    });
    this.#start();
    if (this.#options.enabled) this.#merge();
  }

  /** The group that computes an instruction; undefined for leaves and for what is inlined. */
  groupOf(instruction: HloInstruction): Group | undefined {
    return this.#groupOf.get(instruction);
  }

  /** Members whose values are needed outside, in order. */
  outputsOf(members: ReadonlySet<HloInstruction>): HloInstruction[] {
    return [...members]
      .filter((m) => !isTuple(m.opcode) && this.#leaves(m, members))
      .sort((a, b) => a.id - b.id);
  }

  /** What a kernel of these members computes: see kernel-of.ts. */
  kernel(kind: FusionKind, members: ReadonlySet<HloInstruction>, outputs: readonly HloInstruction[]): Kernel {
    return kernelOf({ kind, members, outputs, inlined: this.#inlined, opaque: this.#opaque });
  }

  #supported(instruction: HloInstruction): boolean {
    const types = [instruction.dtype, ...instruction.operands.map(({ dtype }) => dtype)];
    return this.#options.supports(instruction.opcode, types);
  }

  #start(): void {
    for (const instruction of this.computation.instructions) {
      const { opcode } = instruction;
      if (opcode === "parameter" || opcode === "constant" || this.#inlined.has(instruction)) continue;
      if (opcode === "getTupleElement") {
        const tuple = this.#groupOf.get(instruction.operands[0]!)!;
        this.#assign({ kind: "single", members: new Set([...tuple.members, instruction]) });
        continue;
      }
      this.#assign({ kind: this.#kindOf(instruction), members: new Set([instruction]) });
    }
  }

  /** The kind of an instruction alone. A reshape that is not inlined is an alias, made by fuse. */
  #kindOf(instruction: HloInstruction): FusionKind {
    const { opcode } = instruction;
    if (!this.#supported(instruction)) return "single";
    if (isElementwise(opcode) || isView(opcode) || opcode === "iota") return "loop";
    if (opcode === "reduce") return "reduce";
    if (opcode === "convolution") {
      const alone = new Set([instruction]);
      const { enabled, alsoFuses } = this.#options;
      const fusible =
        enabled &&
        alsoFuses?.includes("convolution") &&
        buildNest("convolution", this.kernel("convolution", alone, [instruction]).computation);
      return fusible ? "convolution" : "single";
    }
    if (opcode !== "dot") return "single";
    const nest = (): boolean => {
      const { computation } = this.kernel("dot", new Set([instruction]), [instruction]);
      return buildNest("dot", computation) !== undefined;
    };
    for (const operand of instruction.operands) {
      if (nest()) break;
      this.#opaque.add(operand);
    }
    return nest() ? "dot" : "single";
  }

  #assign(group: Group): void {
    for (const member of group.members) this.#groupOf.set(member, group);
  }

  #merge(): void {
    const pass = (wanted: (producer: Group, consumer: Group, user: HloInstruction) => boolean): void => {
      // From the end: what only a later kernel needs joins that one, and not the kernel of what it is computed from.
      for (const user of [...this.computation.instructions].reverse()) {
        if (!this.#groupOf.has(user) || user.opcode === "broadcast") continue;
        const aligned = !isView(user.opcode) || user.opcode === "reshape";
        for (const operand of user.operands)
          for (const edge of this.#edges(operand, aligned)) {
            if (edge.spread) continue;
            const [producer, consumer] = [this.#groupOf.get(edge.producer)!, this.#groupOf.get(user)!];
            if (producer !== consumer && wanted(producer, consumer, user))
              this.#tryMerge(producer, consumer, edge, user);
          }
      }
    };
    pass((p, c) => p.kind === "loop" && c.kind === "loop");
    pass((p, c) => (p.kind === "dot" || p.kind === "convolution") && c.kind === "loop");
    pass((p, c, user) => p.kind === "loop" && user.opcode === "reduce" && c.kind === "reduce");
    pass((p, c) => p.kind === "reduce" && c.kind === "loop");
    pass((p, c, user) => p.kind === "loop" && isElementwise(user.opcode) && c.kind !== "single");
    if (this.#options.alsoFuses!.includes("rows")) this.#mergeRows();
  }

  /**
   * Reductions of rows with what feeds them and what reads their results at every point, again until nothing joins: a group that had no
   * reduction may have got one.
   */
  #mergeRows(): void {
    if (!this.computation.instructions.some((i) => rowsReduced(i) !== undefined)) return;
    for (let merged = true; merged; ) {
      merged = false;
      for (const user of [...this.computation.instructions].reverse()) {
        if (!this.#groupOf.has(user)) continue;
        for (const operand of user.operands)
          for (const { producer: from, spread } of this.#edges(operand, true)) {
            const [producer, consumer] = [this.#groupOf.get(from)!, this.#groupOf.get(user)!];
            // What has fewer elements is computed once a row only where rows are reduced to it.
            const wanted = producer !== consumer && !(spread && producer.kind === "loop");
            if (wanted && shareRows(producer, consumer))
              merged = this.#tryMergeRows(producer, consumer) || merged;
          }
      }
    }
  }

  #tryMergeRows(producer: Group, consumer: Group): boolean {
    const members = new Set([...producer.members, ...consumer.members]);
    const merged = this.#joined("rows", producer, consumer, members, this.outputsOf(members));
    if (merged) this.#assign(merged);
    return merged !== undefined;
  }

  /** What computes an operand, through what is inlined. */
  #edges(operand: HloInstruction, direct: boolean): Edge[] {
    const found: Edge[] = [];
    const walk = (at: HloInstruction, aligned: boolean, spread: boolean): void => {
      if (this.#inlined.has(at)) {
        const still = aligned && (!isView(at.opcode) || at.opcode === "reshape");
        for (const next of at.operands) walk(next, still, spread || at.opcode === "broadcast");
      } else if (this.#groupOf.has(at)) found.push({ producer: at, aligned, spread });
    };
    walk(operand, direct, false);
    return found;
  }

  #tryMerge(producer: Group, consumer: Group, edge: Edge, user: HloInstruction): void {
    const members = new Set([...producer.members, ...consumer.members]);
    const prologue = consumer.kind === "reduce" && this.#feedsReduce(user, consumer.members);
    if (user.opcode === "dot" || user.opcode === "convolution") return;
    const outputs = this.outputsOf(members);
    // A prologue, or what is read at other places, must vanish: else it would be computed twice.
    if ((prologue || !edge.aligned) && outputs.some((output) => producer.members.has(output))) return;
    if (!edge.aligned && producer.kind !== "loop") return;
    const kind = producer.kind === "loop" ? consumer.kind : producer.kind;
    const merged = this.#joined(kind, producer, consumer, members, outputs);
    if (merged) this.#assign(merged);
  }

  /** Both as one group; undefined where that goes over a limit, makes a cycle, or loops cannot express it. */
  #joined(
    kind: FusionKind,
    producer: Group,
    consumer: Group,
    members: ReadonlySet<HloInstruction>,
    outputs: readonly HloInstruction[],
  ): Group | undefined {
    const { maxInputs, maxOutputs, maxDotOutputs, maxOperations, maxBuffers } = this.#options;
    if (members.size > maxOperations) return undefined;
    if (outputs.length > (kind === "dot" || kind === "convolution" ? maxDotOutputs : maxOutputs))
      return undefined;
    if (this.#makesCycle(producer, consumer)) return undefined;
    const { computation, inputs } = this.kernel(kind, members, outputs);
    if (inputs.length > maxInputs || inputs.length + outputs.length > maxBuffers!) return undefined;
    const nest = kind === "single" ? undefined : buildNest(kind, computation);
    return nest && nest.ops.length <= maxOperations ? { kind, members } : undefined;
  }

  /** Whether an instruction is a reduction of its kernel or what is reduced, not what follows. */
  #feedsReduce(instruction: HloInstruction, members: ReadonlySet<HloInstruction>): boolean {
    if (instruction.opcode === "reduce") return true;
    const inside = (user: HloInstruction): boolean => members.has(user) || this.#inlined.has(user);
    return this.users.get(instruction)!.some((user) => inside(user) && this.#feedsReduce(user, members));
  }

  /** Whether some value of the producer reaches the consumer by way of another kernel. */
  #makesCycle(producer: Group, consumer: Group): boolean {
    const seen = new Set<HloInstruction>();
    const pending: HloInstruction[] = [];
    /** Users of `from` that another kernel computes; `own` while no other kernel lies between. */
    const leave = (from: HloInstruction, own: boolean): void => {
      for (const user of this.users.get(from)!) {
        if (this.#inlined.has(user)) leave(user, own);
        else if (producer.members.has(user) || (own && consumer.members.has(user))) continue;
        else if (!seen.has(user)) {
          seen.add(user);
          pending.push(user);
        }
      }
    };
    for (const member of producer.members) leave(member, true);
    const left = new Set<Group>();
    for (let next = pending.pop(); next; next = pending.pop()) {
      if (consumer.members.has(next)) return true;
      const group = this.#groupOf.get(next)!;
      if (left.has(group)) continue;
      left.add(group);
      for (const member of group.members) leave(member, false);
    }
    return false;
  }

  /** Whether something outside `members` needs the value: a root, or a user behind views. */
  #leaves(instruction: HloInstruction, members: ReadonlySet<HloInstruction>): boolean {
    if (this.#roots.has(instruction)) return true;
    return this.users
      .get(instruction)!
      .some((user) => !members.has(user) && (!this.#inlined.has(user) || this.#leaves(user, members)));
  }
}
