// Expressions over an iteration space: turns instructions into the scalar operations of a LoopNest, pushing views
// (transpose, slice, reshape ...) down to the loads. Equal operations are made once.
import { TfError } from "@org/errors";
import { bfloat16ToNumber, halfToNumber } from "../evaluator/half.ts";
import { attributesOf, type HloInstruction } from "../instruction.ts";
import { isElementwise } from "../opcodes.ts";
import type { NestOp } from "./loop-nest.ts";
import { opKey } from "./nest-key.ts";
import { applyView, denseView, iotaView, isView, type View } from "./view.ts";

/** The views between an instruction and the iteration space, nearest the instruction first. */
export interface Path {
  readonly key: string;
  readonly apply: (view: View) => View | undefined;
}

/** No views. */
export const straight: Path = { key: "", apply: (view) => view };

/** A path that begins with another view. */
export function through(key: string, first: (view: View) => View | undefined, rest: Path): Path {
  return {
    key: `${key} ${rest.key}`,
    apply: (view) => {
      const viewed = first(view);
      return viewed && rest.apply(viewed);
    },
  };
}

export interface PlacedLoad {
  readonly parameter: HloInstruction;
  readonly view: View;
}

/** Thrown and caught inside: strides cannot say it. */
export class Inexpressible extends Error {}

/** What the operations of one nest share. */
export interface Gathered {
  readonly loads: PlacedLoad[];
  readonly indices: View[];
  readonly literals: (number | bigint)[];
}

const sameView = (a: View, b: View): boolean =>
  a.offset === b.offset &&
  a.dimensions.length === b.dimensions.length &&
  a.dimensions.every((x, d) => {
    const y = b.dimensions[d]!;
    return (
      x.stride === y.stride &&
      x.broadcast === y.broadcast &&
      x.from === y.from &&
      x.to === y.to &&
      x.whole === y.whole &&
      x.plain === y.plain
    );
  });

/**
 * Operations in one iteration space. `leaf` makes the op of an instruction that is none of ours (reduce, dot); `admit` may throw
 * Inexpressible for an element-wise one.
 */
export class Expression {
  readonly ops: NestOp[] = [];
  readonly #gathered: Gathered;
  readonly #leaf: (instruction: HloInstruction, path: Path) => NestOp;
  readonly #admit: (instruction: HloInstruction, path: Path) => void;
  readonly #made: Map<string, number> = new Map();
  readonly #equal: Map<string, number> = new Map();

  constructor(
    gathered: Gathered,
    leaf: (instruction: HloInstruction, path: Path) => NestOp,
    admit: (instruction: HloInstruction, path: Path) => void = () => {},
  ) {
    this.#gathered = gathered;
    this.#leaf = leaf;
    this.#admit = admit;
  }

  /** The op of an instruction as seen along `path`: an index into `ops`. Throws Inexpressible. */
  emit(instruction: HloInstruction, path: Path): number {
    const key = `${instruction.id}|${path.key}`;
    const known = this.#made.get(key);
    if (known !== undefined) return known;
    const made = this.#emit(instruction, path);
    this.#made.set(key, made);
    return made;
  }

  #emit(instruction: HloInstruction, path: Path): number {
    const { opcode, dtype, dims } = instruction;
    if (isView(opcode)) {
      const first = (view: View): View | undefined => applyView(view, instruction);
      return this.emit(instruction.operands[0]!, through(`${instruction.id}`, first, path));
    }
    if (isElementwise(opcode)) {
      this.#admit(instruction, path);
      const args = instruction.operands.map((operand) => this.emit(operand, path));
      const direction =
        opcode === "compare" ? { direction: attributesOf(instruction, "compare").direction } : {};
      return this.#push({ kind: "compute", opcode, dtype, args, ...direction });
    }
    switch (opcode) {
      case "parameter": {
        const view = applied(denseView(dims), path);
        const { loads } = this.#gathered;
        let load = loads.findIndex((other) => other.parameter === instruction && sameView(other.view, view));
        if (load < 0) load = loads.push({ parameter: instruction, view }) - 1;
        return this.#push({ kind: "load", load, dtype });
      }
      case "iota": {
        const { indices } = this.#gathered;
        const view = applied(iotaView(dims, attributesOf(instruction, "iota").dimension), path);
        let index = indices.findIndex((other) => sameView(other, view));
        if (index < 0) index = indices.push(view) - 1;
        return this.#push({ kind: "index", index, dtype });
      }
      case "constant":
        if (dims.length > 0) throw new Inexpressible();
        return this.#push({ kind: "literal", literal: this.#literal(instruction), dtype });
      default:
        return this.#push(this.#leaf(instruction, path));
    }
  }

  #literal(instruction: HloInstruction): number {
    const value = attributesOf(instruction, "constant").value.data[0] as number | bigint;
    const { dtype } = instruction;
    const decode = dtype === "float16" ? halfToNumber : dtype === "bfloat16" ? bfloat16ToNumber : undefined;
    return this.#gathered.literals.push(decode ? decode(value as number) : value) - 1;
  }

  #push(op: NestOp): number {
    const key = opKey(op);
    const equal = this.#equal.get(key);
    if (equal !== undefined) return equal;
    this.#equal.set(key, this.ops.length);
    return this.ops.push(op) - 1;
  }
}

function applied(view: View, path: Path): View {
  const result = path.apply(view);
  if (!result) throw new Inexpressible();
  return result;
}

/** `build()`, or undefined where strides cannot say it. */
export function expressible<T>(build: () => T): T | undefined {
  try {
    return build();
  } catch (error) {
    if (error instanceof Inexpressible) return undefined;
    throw error;
  }
}

/** For what cannot be: a fusion whose computation is not of its kind. */
export function notOfKind(what: string): TfError {
  return new TfError("INTERNAL", what);
}
