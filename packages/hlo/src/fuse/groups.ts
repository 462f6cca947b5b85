// Which instructions run in one kernel. Begins with a group an instruction and merges producers into consumers where
// that saves memory traffic, makes no cycle, and loops can express it. No plan here: see fuse.ts.
import { dtypes } from "@org/tensor";
import type { FusionKind } from "../fusion.ts";
import type { HloComputation, HloDType, HloInstruction, Opcode } from "../instruction.ts";
import { buildNest } from "../nest/build-nest.ts";
import { rowsReduced } from "../nest/build-rows.ts";
import { applyView, denseView, iotaView, isView, type View } from "../nest/view.ts";
import { isBinary, isElementwise, isFloat, isTuple, isUnary } from "../opcodes.ts";
import { sameDims } from "../typed.ts";

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

const cheap: ReadonlySet<Opcode> = new Set<Opcode>([
  "convert",
  "bitcastConvert",
  "negate",
  "abs",
  "not",
  "add",
  "subtract",
  "multiply",
  "maximum",
  "minimum",
  "and",
  "or",
  "xor",
]);

/** The grouping of a computation's instructions. */
export class Groups {
  readonly computation: HloComputation;
  readonly users: ReadonlyMap<HloInstruction, readonly HloInstruction[]>;
  readonly #roots: ReadonlySet<HloInstruction>;
  readonly #options: Required<FusionOptions>;
  readonly #groupOf: Map<HloInstruction, Group> = new Map();
  /** Read through: not computed for itself, but by everyone who reads it. */
  readonly #inlined: Set<HloInstruction> = new Set();
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
    this.#chooseInlined();
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

  /**
   * What a kernel of these members computes: roots are `outputs`, parameters whatever it reads. `inputs` are those
   * instructions, parameter by parameter, and `sources` what each instruction of the kernel stands for.
   */
  kernel(
    kind: FusionKind,
    members: ReadonlySet<HloInstruction>,
    outputs: readonly HloInstruction[],
  ): { computation: HloComputation; inputs: HloInstruction[]; sources: HloInstruction[] } {
    const inputs: HloInstruction[] = [];
    const sources: HloInstruction[] = [];
    const parameters: HloInstruction[] = [];
    const instructions: HloInstruction[] = [];
    const clones = new Map<HloInstruction, HloInstruction>();
    const add = (of: HloInstruction, made: Omit<HloInstruction, "id">): HloInstruction => {
      const clone: HloInstruction = { ...made, id: instructions.length };
      instructions.push(clone);
      sources.push(of);
      clones.set(of, clone);
      return clone;
    };
    /** `through` what is read: below a matrix product only views are, below a convolution nothing. */
    const clone = (instruction: HloInstruction, through: "all" | "views" | "nothing"): HloInstruction => {
      const known = clones.get(instruction);
      if (known) return known;
      const inside =
        members.has(instruction) ||
        (kind !== "single" &&
          this.#inlined.has(instruction) &&
          (through === "all" ||
            (through === "views" && isView(instruction.opcode) && !this.#opaque.has(instruction))));
      if (inside) {
        const { opcode } = instruction;
        const below = opcode === "convolution" ? "nothing" : opcode === "dot" ? "views" : through;
        const operands = instruction.operands.map((operand) => clone(operand, below));
        return add(instruction, { ...instruction, operands });
      }
      const { dtype, dims } = instruction;
      inputs.push(instruction);
      const attributes = { index: parameters.length };
      const parameter = add(instruction, { opcode: "parameter", dtype, dims, operands: [], attributes });
      parameters.push(parameter);
      return parameter;
    };
    const roots = outputs.map((output) => clone(output, "all"));
    return { computation: { name: kind, parameters, instructions, roots }, inputs, sources };
  }

  #supported(instruction: HloInstruction): boolean {
    const types = [instruction.dtype, ...instruction.operands.map(({ dtype }) => dtype)];
    return this.#options.supports(instruction.opcode, types);
  }

  /** Views, iotas, scalar constants and cheap one-input operations; a view that strides cannot say stops at a real array. */
  #chooseInlined(): void {
    const inlined = this.#inlined;
    const views = new Map<HloInstruction, View>();
    const viewOf = (instruction: HloInstruction): View =>
      (inlined.has(instruction) ? views.get(instruction) : undefined) ?? denseView(instruction.dims);
    const depths = new Map<HloInstruction, number>();
    for (const instruction of this.computation.instructions) {
      const { opcode, dims, operands } = instruction;
      if (opcode === "constant") {
        if (dims.length === 0) inlined.add(instruction);
        continue;
      }
      if (!this.#options.enabled || !this.#supported(instruction)) continue;
      if (opcode === "iota") {
        inlined.add(instruction);
        views.set(instruction, iotaView(dims, (instruction.attributes as { dimension: number }).dimension));
      } else if (isView(opcode)) {
        const [operand] = operands as [HloInstruction];
        let view = applyView(viewOf(operand), instruction);
        if (!view) {
          inlined.delete(operand);
          view = applyView(denseView(operand.dims), instruction)!;
        }
        inlined.add(instruction);
        views.set(instruction, view);
      } else {
        const source = this.#duplicable(instruction, depths);
        if (!source) continue;
        inlined.add(instruction);
        views.set(instruction, viewOf(source));
      }
    }
  }

  /**
   * A cheap operation on one array and scalars with several users: each of them computes it anew, reading no more than its result
   * would be. Gives that array's instruction. At most two in a row.
   */
  #duplicable(instruction: HloInstruction, depths: Map<HloInstruction, number>): HloInstruction | undefined {
    const { opcode, operands } = instruction;
    const users = this.users.get(instruction)!;
    if (!cheap.has(opcode) || users.length < 2 || this.#roots.has(instruction)) return undefined;
    if (!(isUnary(opcode) || isBinary(opcode) || opcode === "convert" || opcode === "bitcastConvert"))
      return undefined;
    if (!users.every((user) => isElementwise(user.opcode) || user.opcode === "reduce")) return undefined;
    const full = operands.filter((operand) => !this.#isScalar(operand));
    const [source] = full;
    if (full.length !== 1 || !source || dtypes[source.dtype].bytes > dtypes[instruction.dtype].bytes)
      return undefined;
    const depth = (depths.get(source) ?? 0) + 1;
    if (depth > 2) return undefined;
    depths.set(instruction, depth);
    return source;
  }

  #isScalar(instruction: HloInstruction): boolean {
    let base = instruction;
    while (isView(base.opcode) && this.#inlined.has(base)) base = base.operands[0]!;
    return base !== instruction && base.opcode === "constant" && base.dims.length === 0;
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
            if (wanted && this.#mayShareRows(producer, consumer))
              merged = this.#tryMergeRows(producer, consumer) || merged;
          }
      }
    }
  }

  /** Whether all reductions of both are of the same rows, and there is one. */
  #mayShareRows(producer: Group, consumer: Group): boolean {
    const kinds: readonly FusionKind[] = ["loop", "reduce", "rows"];
    if (!kinds.includes(producer.kind) || !kinds.includes(consumer.kind)) return false;
    const reductions = [...producer.members, ...consumer.members].filter(({ opcode }) => opcode === "reduce");
    const [first] = reductions;
    const kept = first && rowsReduced(first);
    return (
      kept !== undefined &&
      reductions.every(
        (one) => rowsReduced(one) === kept && sameDims(one.operands[0]!.dims, first!.operands[0]!.dims),
      )
    );
  }

  #tryMergeRows(producer: Group, consumer: Group): boolean {
    const members = new Set([...producer.members, ...consumer.members]);
    // A fault names an element by the order in which they are computed.
    const faulty = ({ opcode, dtype }: HloInstruction): boolean =>
      (opcode === "divide" || opcode === "remainder") && !isFloat(dtype);
    if ([...members].some(faulty)) return false;
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
