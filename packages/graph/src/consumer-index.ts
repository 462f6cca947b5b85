// Who reads each tensor: built when first asked for, kept up to date as ops come and inputs change.
import type { Operation } from "./operation.ts";
import type { Tensor } from "./tensor.ts";

export class ConsumerIndex {
  /** Ops of the graph, in order; those from `indexed` on are not in `readers` yet. */
  private readonly ops: readonly Operation[];
  private readonly readers = new Map<Tensor, Set<Operation>>();
  private indexed = 0;

  constructor(ops: readonly Operation[]) {
    this.ops = ops;
  }

  of(tensor: Tensor): readonly Operation[] {
    for (; this.indexed < this.ops.length; this.indexed++) {
      const op = this.ops[this.indexed]!;
      for (const input of op.inputs) this.add(input, op);
    }
    const found = this.readers.get(tensor);
    return found === undefined ? [] : [...found].sort((a, b) => a.id - b.id);
  }

  /** Forgets everything: the list of ops became shorter. */
  reset(): void {
    this.readers.clear();
    this.indexed = 0;
  }

  private add(tensor: Tensor, op: Operation): void {
    const set = this.readers.get(tensor);
    if (set === undefined) this.readers.set(tensor, new Set([op]));
    else set.add(op);
  }

  /** Notes that `op` reads `now` instead of `old` at one place. */
  changed(op: Operation, old: Tensor, now: Tensor): void {
    if (op.id > this.indexed) return;
    if (!op.inputs.includes(old)) this.readers.get(old)?.delete(op);
    this.add(now, op);
  }
}
