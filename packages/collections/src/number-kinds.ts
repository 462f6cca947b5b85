// Whether a list of whole numbers came from a float_list: JavaScript cannot tell 1.0 from 1, a file can.

const floatLists = new WeakSet<readonly unknown[]>();

/** Notes that the numbers in `list` are floats, whole or not. */
export function markFloatList(list: readonly unknown[]): void {
  floatLists.add(list);
}

/** Whether `list` was marked and holds numbers alone. */
export function isFloatList(list: readonly unknown[]): boolean {
  return floatLists.has(list) && list.every((item) => typeof item === "number");
}
