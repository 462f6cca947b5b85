// When a node is alive: a predicate is a set of conditions that must all hold, each "this branch is taken". Nodes of
// one predicate are alive and dead together, so that a cluster may hold them. Told from the graph alone; where it cannot
// be told, a condition of its own keeps a node apart, which is safe. Whether a node is dead in a run is
// not decided here but by its inputs, as in TensorFlow.
import type { Frame, Frames } from "./frames.ts";
import type { PlanNode, Source } from "./plan-node.ts";

/** For each node (by index) the number of its predicate; 0 is "always". */
export function assignPredicates(nodes: readonly PlanNode[], frames: Frames): readonly number[] {
  const uniform = new Set<Frame>(frames.all);
  for (;;) {
    const { of, lopsided } = tryPredicates(nodes, frames, uniform);
    if (lopsided.size === 0) return of;
    for (const frame of lopsided) uniform.delete(frame);
  }
}

class Predicates {
  readonly #conditions: Map<string, number> = new Map();
  readonly #sets: (readonly number[])[] = [[]];
  readonly #numbers: Map<string, number> = new Map([["", 0]]);

  condition(name: string): number {
    let number = this.#conditions.get(name);
    if (number === undefined) {
      number = this.#conditions.size;
      this.#conditions.set(name, number);
    }
    return number;
  }

  of(conditions: readonly number[]): number {
    const sorted = [...new Set(conditions)].sort((a, b) => a - b);
    const key = sorted.join();
    let number = this.#numbers.get(key);
    if (number === undefined) {
      number = this.#sets.length;
      this.#sets.push(sorted);
      this.#numbers.set(key, number);
    }
    return number;
  }

  set(predicate: number): readonly number[] {
    return this.#sets[predicate]!;
  }

  and(predicates: Iterable<number>): number {
    return this.of([...predicates].flatMap((predicate) => [...this.set(predicate)]));
  }
}

/** The tensor behind identities: two switches on it take the same branch. */
function origin(source: Source): string {
  let from = source;
  while (from.node !== undefined && (from.node.op.type === "Identity" || from.node.op.type === "LoopCond")) {
    const next = from.node.inputs[0];
    if (next === undefined) break;
    from = next;
  }
  return from.node === undefined ? `feed ${from.feed}` : `${from.node.index}:${from.output}`;
}

/** `uniform`: frames taken to have loop variables that live and die together; `lopsided` are those that turn out not to. */
function tryPredicates(
  nodes: readonly PlanNode[],
  frames: Frames,
  uniform: ReadonlySet<Frame>,
): { of: number[]; lopsided: Set<Frame> } {
  const predicates = new Predicates();
  const of: number[] = [];
  const enters = new Map<Frame, number>();
  const nexts = new Map<Frame, number>();
  const lopsided = new Set<Frame>();
  const alike = (seen: Map<Frame, number>, frame: Frame, predicate: number): void => {
    const first = seen.get(frame);
    if (first === undefined) seen.set(frame, predicate);
    else if (first !== predicate && uniform.has(frame)) lopsided.add(frame);
  };
  const outputs = ({ node, output }: Source): number =>
    node === undefined ? 0 : behind(node, output, false);
  const behind = (node: PlanNode, output: number, isControl: boolean): number => {
    const own = of[node.index]!;
    switch (node.kind) {
      case "switch":
        if (isControl) return own;
        return predicates.and([
          own,
          predicates.of([predicates.condition(`${origin(node.inputs[1]!)} is ${output}`)]),
        ]);
      case "enter": {
        const frame = frames.outputOf[node.index]!;
        return predicates.of([
          predicates.condition(uniform.has(frame) ? `in ${frame.index}` : `in ${frame.index} under ${own}`),
        ]);
      }
      case "exit": {
        const frame = frames.of[node.index]!;
        return uniform.has(frame)
          ? (enters.get(frame) ?? 0)
          : predicates.of([predicates.condition(`exit ${node.index}`)]);
      }
      default:
        return own;
    }
  };
  const merge = (node: PlanNode): number => {
    const frame = frames.of[node.index]!;
    if (node.inputs.some((input) => input.node?.kind === "nextIteration"))
      return predicates.of([
        predicates.condition(uniform.has(frame) ? `in ${frame.index}` : `loop variable ${node.index}`),
      ]);
    if (node.inputs.length === 2) {
      const [a, b] = node.inputs.map((input) => predicates.set(outputs(input))) as [number[], number[]];
      const onlyA = a.filter((condition) => !b.includes(condition));
      const onlyB = b.filter((condition) => !a.includes(condition));
      if (onlyA.length === 1 && onlyB.length === 1 && opposite(onlyA[0]!, onlyB[0]!))
        return predicates.of(a.filter((condition) => b.includes(condition)));
    }
    return predicates.of([predicates.condition(`merge ${node.index}`)]);
  };
  const opposites = new Map<number, number>();
  const opposite = (a: number, b: number): boolean => opposites.get(a) === b;
  for (const node of nodes) {
    if (node.kind === "merge") of.push(merge(node));
    else if (node.kind === "trigger") of.push(0);
    else
      of.push(
        predicates.and([
          ...node.inputs.map(outputs),
          ...node.controls.map((control) => behind(control, 0, true)),
        ]),
      );
    if (node.kind === "switch") {
      const name = origin(node.inputs[1]!);
      const [no, yes] = [predicates.condition(`${name} is 0`), predicates.condition(`${name} is 1`)];
      opposites.set(no, yes);
      opposites.set(yes, no);
    }
    if (node.kind === "enter") alike(enters, frames.outputOf[node.index]!, of[node.index]!);
    if (node.kind === "nextIteration") alike(nexts, frames.of[node.index]!, of[node.index]!);
  }
  return { of, lopsided };
}
