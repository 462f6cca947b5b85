// Compiled modules of one backend, by key: a structure is compiled once, whatever its extents.
import { hostImports } from "./host-functions.ts";
import type { CpuMemory } from "./memory.ts";

/** A kernel's entry point: takes the address of its arguments. */
export type Entry = (block: number) => void;

export interface Kernels {
  /**
   * The exports of the module with this key. A promise where the engine compiles modules of this size only
   * asynchronously (browsers, on the main thread).
   */
  get(
    key: string,
    source: () => Uint8Array<ArrayBuffer>,
  ): Readonly<Record<string, Entry>> | Promise<Readonly<Record<string, Entry>>>;
  readonly compiled: number;
}

/** An empty cache over a backend's memory. */
export function createKernels(memory: CpuMemory): Kernels {
  const cache = new Map<string, ReturnType<Kernels["get"]>>();
  const imports = { env: { memory: memory.wasm, ...hostImports } };
  let compiled = 0;
  const exportsOf = (instance: WebAssembly.Instance): Readonly<Record<string, Entry>> =>
    instance.exports as Readonly<Record<string, Entry>>;
  return {
    get compiled() {
      return compiled;
    },
    get(key, source) {
      const found = cache.get(key);
      if (found) return found;
      const bytes = source();
      compiled++;
      let entry: ReturnType<Kernels["get"]>;
      try {
        entry = exportsOf(new WebAssembly.Instance(new WebAssembly.Module(bytes), imports));
      } catch (error) {
        if (error instanceof WebAssembly.CompileError || error instanceof WebAssembly.LinkError) throw error;
        entry = WebAssembly.instantiate(bytes, imports).then(({ instance }) => {
          const ready = exportsOf(instance);
          cache.set(key, ready);
          return ready;
        });
      }
      cache.set(key, entry);
      return entry;
    },
  };
}
