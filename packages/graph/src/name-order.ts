// Order of names as C++ and Python compare them: by UTF-8 bytes, which is by code points.

/** Compares by UTF-8 bytes. Node names are ASCII, where JavaScript's order is the same. */
export function compareUtf8(a: string, b: string): number {
  if (a === b) return 0;
  const length = Math.min(a.length, b.length);
  for (let i = 0; i < length; i++) {
    const x = a.charCodeAt(i);
    const y = b.charCodeAt(i);
    if (x !== y) {
      // Surrogates sort after all other code units, as the code points that they stand for do.
      const high = (unit: number): number => (unit >= 0xd800 && unit <= 0xdfff ? unit + 0x10000 : unit);
      return high(x) - high(y);
    }
  }
  return a.length - b.length;
}
