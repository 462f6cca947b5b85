// The file behind imported operations: attributes and other fields are decoded when somebody asks an operation for them, and an
// export copies the bytes of what nobody changed. One object an import, shared by its operations.
import type { IAttrValue, INodeDef } from "@org/proto";
import type { NodeTable } from "@org/proto/nodes";
import type { Shape } from "@org/tensor";
import { stringListAttr } from "./attr-value.ts";
import type { FileNode, PreparedNode } from "./import-node.ts";

const utf8 = new TextDecoder();
const mark = "loc:@";
const firstOfMark = mark.charCodeAt(0);

/** Shapes that an op with these input shapes has. */
export interface KnownShapes {
  readonly inputs: readonly Shape[];
  readonly outputs: readonly Shape[];
  readonly stated: readonly ({ readonly stated: Shape; readonly known: Shape } | undefined)[] | undefined;
}

/** What is settled once for all nodes of one signature. */
export interface NodePlan extends PreparedNode {
  /** Attributes, where all nodes have the same. */
  readonly shared: ReadonlyMap<string, IAttrValue> | undefined;
  /** Whether tensors among the attributes are not the same for all nodes. */
  readonly cut: boolean;
  /** What shape inference found so far. */
  readonly known: KnownShapes[];
}

type Carried = Pick<INodeDef, "experimentalDebugInfo" | "experimentalType" | "$unknowns">;

/** Fields that a graph only carries along; undefined where there are none. */
export function carriedFields(def: INodeDef): Carried | undefined {
  const { experimentalDebugInfo, experimentalType, $unknowns } = def;
  if (!experimentalDebugInfo && !experimentalType && !$unknowns) return undefined;
  return {
    ...(experimentalDebugInfo ? { experimentalDebugInfo } : {}),
    ...(experimentalType ? { experimentalType } : {}),
    ...($unknowns ? { $unknowns } : {}),
  };
}

export class ImportedNodes {
  readonly table: NodeTable;
  /** By signature; undefined for those whose nodes are prepared one by one. */
  readonly plans: readonly (NodePlan | undefined)[];
  /** Whether nodes are called otherwise than in the file, or read something else. */
  readonly renamed: boolean;
  /** What stands before every name of the file, inputs included, and nothing else is changed of them; undefined where that is not so. */
  readonly prefix: Uint8Array | undefined;
  private readonly rename: (name: string) => string;

  constructor(
    table: NodeTable,
    plans: readonly (NodePlan | undefined)[],
    renamed: boolean,
    rename: (name: string) => string,
    prefix: string | undefined,
  ) {
    this.prefix = prefix === undefined ? undefined : new TextEncoder().encode(prefix);
    this.table = table;
    this.plans = plans;
    this.renamed = renamed;
    this.rename = rename;
  }

  /** The attributes of node `i` as the graph has them. */
  attrs(i: number): Map<string, IAttrValue> {
    const { table } = this;
    return this.settled(table.attrs(i), this.plans[table.signature[i]!]!);
  }

  /** `attr` without what an import drops, with what it fills in, and `loc:@` groups under the graph's names. */
  settled(attr: FileNode["attr"], node: PreparedNode): Map<string, IAttrValue> {
    const map = new Map<string, IAttrValue>(Object.entries(attr));
    map.delete("_output_shapes");
    for (const key of node.dropped) map.delete(key);
    for (const [key, value] of node.filled) map.set(key, value);
    const groups = this.renamed ? map.get("_class")?.list?.s : undefined;
    if (groups)
      map.set("_class", stringListAttr(groups.map((group) => this.renamedGroup(utf8.decode(group)))));
    return map;
  }

  /** Hands out the `loc:@` groups that the signature of node `i` lacks, under the graph's names. */
  visitGroups(i: number, visit: (group: string) => void): void {
    const { table } = this;
    if (table.classEnd[i] === 0) return;
    table.visitClass(i, (start, end) => {
      if (table.bytes[start] !== firstOfMark) return;
      const group = utf8.decode(table.bytes.subarray(start, end));
      if (group.startsWith(mark)) visit(this.renamed ? this.renamedGroup(group) : group);
    });
  }

  /** "loc:@n" under the name that n has in the graph. */
  renamedGroup(group: string): string {
    return group.startsWith(mark) ? mark + this.rename(group.slice(mark.length)) : group;
  }

  /** Fields beside the usual ones. */
  carried(i: number): Carried | undefined {
    return this.table.attrEnd[i] === this.table.end[i] ? undefined : carriedFields(this.table.extras(i));
  }
}
