// Reads a node's attributes by type: the implementation of Attrs over a map of AttrValues.
// Not here: making AttrValues from what callers write (attr-value.ts). Source: python Operation.get_attr.
import { TfError } from "@org/errors";
import type { IAttrValue } from "@org/proto";
import {
  type DType,
  dtypeFromProto,
  type NdArray,
  type Shape,
  shapeFromProto,
  tensorFromProto,
} from "@org/tensor";
import type { Attrs } from "./attrs.ts";

type Kind = "s" | "i" | "f" | "b" | "type" | "shape" | "tensor" | "list" | "func";

const kindNames: Readonly<Record<Kind, string>> = {
  s: "string",
  i: "int",
  f: "float",
  b: "bool",
  type: "type",
  shape: "shape",
  tensor: "tensor",
  list: "list",
  func: "func",
};

/** Which member of the oneof is set; undefined for an empty AttrValue. */
export function attrKind(value: IAttrValue): Kind | "placeholder" | undefined {
  if (value.type !== undefined && value.type !== null) return "type";
  if (value.s !== undefined && value.s !== null) return "s";
  if (value.i !== undefined && value.i !== null) return "i";
  if (value.f !== undefined && value.f !== null) return "f";
  if (value.b !== undefined && value.b !== null) return "b";
  if (value.list !== undefined && value.list !== null) return "list";
  if (value.shape !== undefined && value.shape !== null) return "shape";
  if (value.tensor !== undefined && value.tensor !== null) return "tensor";
  if (value.func !== undefined && value.func !== null) return "func";
  if (value.placeholder !== undefined && value.placeholder !== null) return "placeholder";
  return undefined;
}

const utf8 = new TextDecoder();

/** Whose attributes are read: asked each time, since it may not have them at hand. */
export interface AttrHolder {
  readonly attrMap: ReadonlyMap<string, IAttrValue>;
}

class AttrReader implements Attrs {
  private readonly holder: AttrHolder;
  private readonly node: string;
  private readonly op: string;

  constructor(holder: AttrHolder, node: string, op: string) {
    this.holder = holder;
    this.node = node;
    this.op = op;
  }

  private get map(): ReadonlyMap<string, IAttrValue> {
    return this.holder.attrMap;
  }

  has(name: string): boolean {
    return this.map.has(name);
  }

  names(): readonly string[] {
    return [...this.map.keys()];
  }

  raw(name: string): IAttrValue | undefined {
    return this.map.get(name);
  }

  private fail(name: string, sentence: string): never {
    throw new TfError("INVALID_ARGUMENT", sentence, { node: this.node, op: this.op, key: name });
  }

  private value(name: string, kind: Kind): IAttrValue {
    const value = this.map.get(name);
    if (value === undefined) this.fail(name, `Operation '${this.node}' has no attr named '${name}'.`);
    const have = attrKind(value);
    if (have !== kind) {
      const found =
        have === undefined ? "no value" : have === "placeholder" ? "placeholder" : kindNames[have];
      this.fail(
        name,
        `AttrValue had value with type '${found}' when '${kindNames[kind]}' expected for attr '${name}'`,
      );
    }
    return value;
  }

  private dtype(name: string, number: number): DType {
    const known = dtypeFromProto(number);
    if (known === undefined)
      this.fail(name, `Attr '${name}' has value ${number}, which is not a known DataType`);
    return known.dtype;
  }

  /** What `read` gives; its errors say which attribute of which node it was. */
  private placed<T>(name: string, read: () => T): T {
    try {
      return read();
    } catch (error) {
      throw error instanceof TfError ? error.at({ node: this.node, op: this.op, key: name }) : error;
    }
  }

  private safe(name: string, value: bigint | number): number {
    const number = Number(value);
    if (!Number.isSafeInteger(number))
      this.fail(name, `Attr '${name}' of '${this.node}' is ${value}, which no number holds exactly`);
    return number;
  }

  type(name: string): DType {
    return this.dtype(name, this.value(name, "type").type!);
  }
  int(name: string): number {
    return this.safe(name, this.value(name, "i").i!);
  }
  bigint(name: string): bigint {
    return BigInt(this.value(name, "i").i!);
  }
  float(name: string): number {
    return this.value(name, "f").f!;
  }
  bool(name: string): boolean {
    return this.value(name, "b").b!;
  }
  bytes(name: string): Uint8Array {
    return this.value(name, "s").s!;
  }
  string(name: string): string {
    return utf8.decode(this.bytes(name));
  }
  shape(name: string): Shape {
    const { shape } = this.value(name, "shape");
    return this.placed(name, () => shapeFromProto(shape!));
  }
  tensor(name: string): NdArray {
    const { tensor } = this.value(name, "tensor");
    return this.placed(name, () => tensorFromProto(tensor!));
  }
  func(name: string): { readonly name: string; readonly attrs: Attrs } {
    const func = this.value(name, "func").func!;
    return {
      name: func.name ?? "",
      attrs: attrsOf(new Map(Object.entries(func.attr ?? {})), this.node, this.op),
    };
  }
  types(name: string): readonly DType[] {
    return (this.value(name, "list").list!.type ?? []).map((number) => this.dtype(name, number));
  }
  ints(name: string): readonly number[] {
    return (this.value(name, "list").list!.i ?? []).map((value) => this.safe(name, value));
  }
  floats(name: string): readonly number[] {
    return this.value(name, "list").list!.f ?? [];
  }
  bools(name: string): readonly boolean[] {
    return this.value(name, "list").list!.b ?? [];
  }
  strings(name: string): readonly string[] {
    return (this.value(name, "list").list!.s ?? []).map((bytes) => utf8.decode(bytes));
  }
  shapes(name: string): readonly Shape[] {
    return (this.value(name, "list").list!.shape ?? []).map(shapeFromProto);
  }
}

/** Typed reading over `map`; `node` and `op` stand in its errors. The map is read live, not copied. */
export function attrsOf(map: ReadonlyMap<string, IAttrValue>, node = "", op = ""): Attrs {
  return new AttrReader({ attrMap: map }, node, op);
}

/** Typed reading of what `holder` has. */
export function attrsOfHolder(holder: AttrHolder, node: string, op: string): Attrs {
  return new AttrReader(holder, node, op);
}

/** The shapes that `_output_shapes` states, or undefined where the attribute is absent or no list. */
export function outputShapesAttr(map: ReadonlyMap<string, IAttrValue>): readonly Shape[] | undefined {
  const list = map.get("_output_shapes")?.list;
  return list ? (list.shape ?? []).map((shape) => shapeFromProto(shape)) : undefined;
}
