// The state of a session: variables by container and shared name, what host kernels keep under a name (queues,
// tables, stacks), and what single nodes keep (a random op's counter). Source: core/framework/resource_mgr.h.
import { TfError } from "@org/errors";
import type { Resource } from "@org/ops";
import type { DType, Shape } from "@org/tensor";
import type { TensorValue } from "./values.ts";

/** A variable of one session: where a Ref or a resource handle points. */
export class VariableState implements Resource {
  readonly kind: string;
  readonly name: string;
  readonly dtype: DType;
  /** What the graph says of its shape. */
  readonly shape: Shape;
  #value: TensorValue | undefined;
  #version = 0;

  constructor(kind: string, name: string, dtype: DType, shape: Shape) {
    this.kind = kind;
    this.name = name;
    this.dtype = dtype;
    this.shape = shape;
  }

  /** Counts assignments. */
  get version(): number {
    return this.#version;
  }

  /** The current value, not retained; undefined while it is uninitialized. */
  get value(): TensorValue | undefined {
    return this.#value;
  }

  /** Takes over the caller's reference to `value`, and gives up the one to the old value. */
  assign(value: TensorValue | undefined): void {
    const old = this.#value;
    this.#value = value;
    this.#version++;
    old?.release();
  }

  /** The value. Throws TfError FAILED_PRECONDITION where there is none, naming `reader`. */
  read(reader: string): TensorValue {
    if (this.#value === undefined) throw uninitialized(this.name, reader);
    return this.#value;
  }

  close(): void {
    if (this.#value !== undefined) this.assign(undefined);
  }
}

/** TensorFlow's error for a read of a variable without a value. */
export function uninitialized(name: string, node: string): TfError {
  return new TfError("FAILED_PRECONDITION", `Attempting to use uninitialized value ${name}`, {
    node,
    key: name,
    hint: "Run the variable's initializer (globalVariablesInitializer) or restore a checkpoint in this session first.",
  });
}

/** Everything that a session keeps between runs. */
export class SessionState {
  readonly #resources: Map<string, Resource> = new Map();
  readonly #nodes: Map<string, unknown> = new Map();

  /** The resource of that kind and name, made when it is first asked for. */
  resource<R extends Resource>(kind: string, name: string, create: () => R): R {
    const key = `${kind}\0${name}`;
    let found = this.#resources.get(key);
    if (found === undefined) {
      found = create();
      this.#resources.set(key, found);
    }
    return found as R;
  }

  /** What the node of that name keeps. */
  node<T>(name: string, create: () => T): T {
    if (!this.#nodes.has(name)) this.#nodes.set(name, create());
    return this.#nodes.get(name) as T;
  }

  resources(): Iterable<Resource> {
    return this.#resources.values();
  }

  /** Closes every resource and forgets everything. */
  async close(): Promise<void> {
    const closing = [...this.#resources.values()].map((resource) => resource.close?.());
    this.#resources.clear();
    this.#nodes.clear();
    await Promise.all(closing);
  }
}
