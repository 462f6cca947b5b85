// Structures of tensors: arrays and plain objects, nested, with tensors (or what becomes one) as leaves. Keys of objects go
// in sorted order. Rows of a tensor count as their parts. Source: python/util/nest.py (flatten, pack_sequence_as).
import { isIndexedSlices, isOperation, isTensor, isTensorLike } from "@org/graph";
import { isNdArray } from "@org/tensor";

/** What a branch or a loop may take and give: leaves, or arrays and records of such. */
export type Nested<T> = T | readonly Nested<T>[] | { readonly [key: string]: Nested<T> };

function isRecord(value: unknown): value is { readonly [key: string]: unknown } {
  if (typeof value !== "object" || value === null || ArrayBuffer.isView(value)) return false;
  if (
    isTensor(value) ||
    isOperation(value) ||
    isTensorLike(value) ||
    isIndexedSlices(value) ||
    isNdArray(value)
  )
    return false;
  const prototype = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}

/** Whether `value` is an array or record of others. */
export const isNested = (value: unknown): boolean => Array.isArray(value) || isRecord(value);

const keysOf = (record: object): string[] => Object.keys(record).sort();

/** The leaves, in order. */
export function flatten(structure: unknown): unknown[] {
  if (Array.isArray(structure)) return structure.flatMap(flatten);
  if (isRecord(structure)) return keysOf(structure).flatMap((key) => flatten(structure[key]));
  return [structure];
}

/** `leaves` in the form of `structure`. */
export function packAs(structure: unknown, leaves: readonly unknown[]): unknown {
  const left = leaves.values();
  const pack = (form: unknown): unknown => {
    if (Array.isArray(form)) return form.map(pack);
    if (isRecord(form)) {
      const packed = new Map(keysOf(form).map((key) => [key, pack(form[key])]));
      return Object.fromEntries(Object.keys(form).map((key) => [key, packed.get(key)]));
    }
    return left.next().value;
  };
  return pack(structure);
}

/** The form alone: for comparing, and for messages. */
function formOf(structure: unknown): string {
  if (Array.isArray(structure)) return `[${structure.map(formOf).join(", ")}]`;
  if (isRecord(structure))
    return `{${keysOf(structure)
      .map((key) => `${JSON.stringify(key)}: ${formOf(structure[key])}`)
      .join(", ")}}`;
  return ".";
}

/** Throws a TypeError where the forms differ. Source: nest.assert_same_structure. */
export function assertSameStructure(first: unknown, second: unknown): void {
  const [a, b] = [formOf(first), formOf(second)];
  if (a !== b)
    throw new TypeError(
      `The two structures don't have the same nested structure.\n\nFirst structure: ${a}\n\nSecond structure: ${b}`,
    );
}
