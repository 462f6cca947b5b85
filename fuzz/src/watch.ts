// What a reader must leave alone and may not take: prototypes, and memory.

const watched = [Object, Array, Function, Map, Set, Promise, Uint8Array, String, Number, RegExp].map(
  ({ name, prototype }) => [name, prototype as object] as const,
);
let before = watched.map(([, prototype]) => ownKeys(prototype));

function ownKeys(target: object): string {
  return Reflect.ownKeys(target).map(String).sort().join();
}

/** The name of a built-in prototype that was changed since the start; undefined for none. */
export function changedPrototype(): string | undefined {
  const found = watched.findIndex(([, prototype], i) => ownKeys(prototype) !== before[i]);
  return found < 0 ? undefined : watched[found]![0];
}

/** Takes prototypes as they are now for whole, so that a change is told once. */
export function forgetPrototypes(): void {
  before = watched.map(([, prototype]) => ownKeys(prototype));
}

/** Bytes that buffers took. */
export interface Taken {
  /** The largest at once. */
  largest: number;
  /** All of them together, freed or not. */
  total: number;
}

let taken: Taken = { largest: 0, total: 0 };

/** Begins to count anew, and gives what was counted. */
export function takeCount(): Taken {
  const last = taken;
  taken = { largest: 0, total: 0 };
  return last;
}

/**
 * Counts the bytes of each ArrayBuffer and typed array that is made from now on, and refuses one of more than `largest` bytes, with a plain Error:
 * such an array may be there without touching memory, so that the process's size would not show it.
 */
export function watchBuffers(largest: number): void {
  const types = [
    ArrayBuffer,
    Uint8Array,
    Int8Array,
    Uint8ClampedArray,
    Uint16Array,
    Int16Array,
    Uint32Array,
    Int32Array,
    Float32Array,
    Float64Array,
    BigInt64Array,
    BigUint64Array,
  ] as const;
  for (const type of types) {
    const width = "BYTES_PER_ELEMENT" in type ? type.BYTES_PER_ELEMENT : 1;
    const counting = new Proxy(type, {
      construct(target, args, newTarget) {
        const [first] = args as unknown[];
        // A view of another buffer takes nothing.
        const size =
          typeof first === "number"
            ? first * width
            : first instanceof ArrayBuffer || typeof first !== "object" || first === null
              ? 0
              : ((first as ArrayLike<unknown>).length ?? 0) * width;
        if (size > largest) throw new Error(`a buffer of ${size} bytes, more than ${largest}`);
        if (size > taken.largest) taken.largest = size;
        taken.total += size;
        return Reflect.construct(target, args, newTarget) as object;
      },
    });
    Object.defineProperty(globalThis, type.name, { value: counting, writable: true, configurable: true });
  }
}
