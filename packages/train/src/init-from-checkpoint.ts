// Lets variables start from a checkpoint's values: each gets a RestoreV2 and an assignment of its own as its initializer, node for node
// as 1.15 builds them; nothing is read before they run. Not a Saver. Source: python/training/checkpoint_utils.py (init_from_checkpoint).
import {
  type CheckpointReader,
  checkpointPrefix,
  type LoadOptions,
  loadCheckpoint,
  nearestNames,
} from "@org/checkpoint";
import { TfError } from "@org/errors";
import { currentGraph, type Graph, isTensor, type Operation, type Tensor } from "@org/graph";
import { constant, variableStore } from "@org/ops";
import { toSaveables } from "@org/saver";
import { Shape } from "@org/tensor";
import { isVariable, overrideInitializer, type PartitionedVariable, type VariableBase } from "@org/variables";

/** A variable, or the parts of one. */
export type VariableOrParts = VariableBase | PartitionedVariable | readonly VariableBase[];

/** Names (or scopes, "scope/") in a checkpoint, with the variables (or names, or scopes, in the graph) that start from them. */
export interface AssignmentMap {
  readonly [nameInCheckpoint: string]: string | VariableOrParts;
}

export interface InitFromCheckpointOptions extends LoadOptions {
  /** Default: the graph of the first variable in the map, else the current one. */
  readonly graph?: Graph | undefined;
}

/**
 * Replaces initializers, so that they load from the checkpoint at a prefix, or the newest one of a directory:
 * - `"scope/": "other/"`: every variable of getVariable below "other" from the same name below "scope" in the checkpoint; "/" is the root;
 * - `name: "scope/v"`, `name: variable`: that variable; `name: parts` (or a PartitionedVariable, or its name): each part its slice.
 *
 * Names mean variables that getVariable made. Initializers that were grouped before (globalVariablesInitializer) are not changed: call
 * it afterwards. New ops stand in the name scope of the call. Yields the prefix that the variables load from, which the session must be
 * able to reach. As tf.train.init_from_checkpoint.
 * Throws TfError INVALID_ARGUMENT for names that are not in the checkpoint or the graph, and shapes that differ; else as `loadCheckpoint`.
 */
export async function initFromCheckpoint(
  directoryOrPrefix: string,
  assignmentMap: AssignmentMap,
  options: InitFromCheckpointOptions = {},
): Promise<string> {
  const graph = graphFor(assignmentMap, options.graph);
  const scope = graph.currentNameScope;
  const prefix = await checkpointPrefix(directoryOrPrefix, options);
  const reader = await loadCheckpoint(prefix ?? directoryOrPrefix, options);
  try {
    graph.asDefault(() =>
      graph.nameScope(scope === "" ? null : `${scope}/`, () =>
        new Assignments(graph, reader, directoryOrPrefix).apply(assignmentMap),
      ),
    );
  } finally {
    await reader.close();
  }
  return reader.prefix;
}

function graphFor(map: AssignmentMap, given: Graph | undefined): Graph {
  const first = Object.values(map).find((value) => typeof value !== "string");
  const variable = Array.isArray(first) ? first[0] : first;
  const found = given ?? (variable as VariableBase | undefined)?.graph ?? currentGraph();
  if (!found) throw new TypeError("No graph: pass { graph }, or build inside graph.asDefault(() => ...)");
  return found;
}

class Assignments {
  private readonly graph: Graph;
  private readonly reader: CheckpointReader;
  /** As the caller said it: sentences name it so. */
  private readonly source: string;
  private readonly store: ReadonlyMap<string, VariableBase>;

  constructor(graph: Graph, reader: CheckpointReader, source: string) {
    this.graph = graph;
    this.reader = reader;
    this.source = source;
    this.store = variableStore(graph);
  }

  /** Looks everything up before anything is built: a map with a mistake changes nothing. */
  apply(map: AssignmentMap): void {
    const assignments = Object.keys(map)
      .sort(byCodePoint)
      .flatMap((name) => this.resolve(name, map[name]!));
    for (const { variable, name } of assignments) this.load(variable, name);
  }

  private resolve(name: string, to: string | VariableOrParts): { variable: VariableOrParts; name: string }[] {
    const variable = typeof to === "string" ? this.find(to) : to;
    if (variable === undefined) return this.resolveScope(name, to as string);
    if (!this.reader.has(name))
      this.fail(`Tensor ${name} is not found in ${this.source} checkpoint ${this.listing()}`, name);
    this.check(variable, name);
    return [{ variable, name }];
  }

  /** A variable of getVariable, or the parts of one, by name. */
  private find(name: string): VariableOrParts | undefined {
    const single = this.store.get(name);
    if (single) return single;
    const parts: VariableBase[] = [];
    for (
      let part = this.store.get(`${name}/part_0`);
      part;
      part = this.store.get(`${name}/part_${parts.length}`)
    )
      parts.push(part);
    return parts.length > 0 ? parts : undefined;
  }

  private resolveScope(from: string, to: string): { variable: VariableOrParts; name: string }[] {
    const scope = to.slice(0, Math.max(0, to.lastIndexOf("/")));
    if (!from.endsWith("/")) {
      const near = nearestNames(to, [...this.store.keys()]);
      this.fail(
        `Assignment map with scope only name ${scope} should map to scope only ${from}. Should be 'scope/': 'other_scope/'.`,
        from,
        `getVariable has made no ${JSON.stringify(to)}${near.length > 0 ? `; there is ${near.map((name) => JSON.stringify(name)).join(", ")}` : ""}. A variable that was made otherwise is passed itself, not by name.`,
      );
    }
    const names = new Set<string>();
    for (const name of this.store.keys())
      if (scope === "" || name.startsWith(`${scope}/`)) names.add(name.replace(/\/part_.*$/, ""));
    return [...names].sort(byCodePoint).map((name) => {
      const below = to === "/" || scope === "" ? name : name.slice(scope.length + 1);
      const wanted = (from === "/" ? below : from + below).replace(/\/$/, "");
      if (!this.reader.has(wanted))
        this.fail(
          `Tensor ${wanted} (${below} in ${from}) is not found in ${this.source} checkpoint`,
          wanted,
          this.nearHint(wanted),
        );
      const variable = this.find(name)!;
      this.check(variable, wanted);
      return { variable, name: wanted };
    });
  }

  /** Shapes of whole variables must fit; parts must be of one variable. */
  private check(variable: VariableOrParts, name: string): void {
    if (isVariable(variable)) {
      const stored = this.reader.shape(name);
      if (variable.shape.isCompatibleWith(new Shape(stored))) return;
      this.fail(
        `Shape of variable ${variable.name} (${pythonTuple(variable.shape)}) doesn't match with shape of tensor ${name} ([${stored.join(", ")}]) from checkpoint reader.`,
        name,
      );
    }
    const fullNames = new Set<string>();
    for (const part of variable) {
      if (!isVariable(part) || !part.saveSliceInfo)
        throw new TypeError(`A list of variables must hold the parts of one: ${String(part)} is none`);
      fullNames.add(part.saveSliceInfo.fullName);
    }
    const [first, other] = fullNames;
    if (other !== undefined) this.fail(`Slices must all be from the same tensor: ${first} != ${other}`, name);
  }

  private load(variable: VariableOrParts, name: string): void {
    if (isVariable(variable)) this.loadOne(variable, name, "");
    else for (const part of variable) this.loadOne(part, name, part.saveSliceInfo!.spec);
  }

  private loadOne(variable: VariableBase, name: string, slice: string): void {
    const { graph } = this;
    const restored = graph.device(variable.device, () =>
      graph.device("/cpu:0", () => this.restoreOp(name, slice, variable)),
    );
    const [saveable] = toSaveables([variable]);
    const assigned = saveable!.restore([restored], undefined);
    restored.setShape(variable.shape);
    overrideInitializer(variable, operationOf(assigned), restored);
  }

  private restoreOp(name: string, slice: string, variable: VariableBase): Tensor {
    const { graph } = this;
    return graph.nameScope("checkpoint_initializer", (scope) => {
      const inputs = [
        constant(this.reader.prefix, "string", { name: "prefix" }),
        constant([name], "string", { name: "tensor_names" }),
        constant([slice], "string", { name: "shape_and_slices" }),
      ];
      const attrs = { dtypes: [variable.dtype] };
      return graph.createOp("RestoreV2", inputs, { name: scope, attrs }).outputs[0]!;
    });
  }

  private listing(): string {
    const entries = this.reader.names().map((name) => `'${name}': [${this.reader.shape(name).join(", ")}]`);
    return `{${entries.join(", ")}}`;
  }

  private nearHint(name: string): string | undefined {
    const near = nearestNames(name, this.reader.names());
    return near.length > 0
      ? `The checkpoint has ${near.map((other) => JSON.stringify(other)).join(", ")}.`
      : undefined;
  }

  private fail(sentence: string, key: string, hint: string | undefined = this.nearHint(key)): never {
    throw new TfError("INVALID_ARGUMENT", sentence, {
      key,
      file: this.reader.prefix,
      ...(hint === undefined ? {} : { hint }),
    });
  }
}

const operationOf = (made: Operation | Tensor): Operation => (isTensor(made) ? made.op : made);

/** A shape as Python prints it: "(3, 3)", "(5,)". */
function pythonTuple(shape: Shape): string {
  if (!shape.dims) return "<unknown>";
  const dims = shape.dims.map((dim) => dim ?? "?");
  return dims.length === 1 ? `(${dims[0]},)` : `(${dims.join(", ")})`;
}

/** Python's order of strings, where JavaScript compares UTF-16 units. */
function byCodePoint(a: string, b: string): number {
  const [left, right] = [[...a], [...b]];
  for (let i = 0; i < left.length && i < right.length; i++)
    if (left[i] !== right[i]) return left[i]!.codePointAt(0)! - right[i]!.codePointAt(0)!;
  return left.length - right.length;
}
