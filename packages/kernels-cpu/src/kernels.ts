// Compiled modules of one backend, by key: a structure is compiled once, whatever its extents.
import { hostImports } from "./host-functions.ts";
import type { CpuMemory } from "./memory.ts";
import type { SharedEntry } from "./threads/team.ts";
import type { ModuleBuilder } from "./wasm-assembler.ts";

/** A kernel's entry point: takes the address of its arguments. */
export type Entry = (block: number) => void;

export interface Kernels {
  /**
   * The exports of the module with this key. A promise where the engine compiles modules of this size only
   * asynchronously (browsers, on the main thread).
   */
  get(
    key: string,
    source: () => ModuleBuilder,
  ): Readonly<Record<string, Entry>> | Promise<Readonly<Record<string, Entry>>>;
  readonly compiled: number;
  /** How other threads call an entry; undefined for memory of one thread, and for kernels that call functions of the host. */
  shared(entry: Entry): SharedEntry | undefined;
}

/** A module as bytes and compiled, for memory of one kind. */
interface Compiled {
  readonly sharedPages: number | undefined;
  readonly bytes: Uint8Array<ArrayBuffer>;
  module: WebAssembly.Module | undefined;
}

/** What was compiled of modules that are kept and given again (those of no backend alone): another backend compiles nothing. */
const known: WeakMap<ModuleBuilder, Compiled[]> = new WeakMap();

function compiledOf(builder: ModuleBuilder, sharedPages: number | undefined): Compiled {
  const all = known.get(builder) ?? [];
  known.set(builder, all);
  let compiled = all.find((one) => one.sharedPages === sharedPages);
  if (compiled === undefined) {
    compiled = { sharedPages, bytes: builder.bytes(sharedPages), module: undefined };
    all.push(compiled);
  }
  return compiled;
}

/** An empty cache over a backend's memory. */
export function createKernels(memory: CpuMemory): Kernels {
  const cache = new Map<string, ReturnType<Kernels["get"]>>();
  const imports = { env: { memory: memory.wasm, ...hostImports } };
  let compiled = 0;
  const shared = new Map<Entry, SharedEntry>();
  let modules = 0;
  /** Notes what threads need to call a module's functions. */
  const share = (exports: Readonly<Record<string, Entry>>, bytes: Uint8Array<ArrayBuffer>): void => {
    const module = modules++;
    for (const [index, entry] of Object.values(exports).entries())
      shared.set(entry, { entry, module, index, bytes });
  };
  const exportsOf = (instance: WebAssembly.Instance): Readonly<Record<string, Entry>> =>
    instance.exports as Readonly<Record<string, Entry>>;
  return {
    get compiled() {
      return compiled;
    },
    shared: (entry) => shared.get(entry),
    get(key, source) {
      const found = cache.get(key);
      if (found) return found;
      const builder = source();
      const made = compiledOf(builder, memory.sharedPages);
      const { bytes } = made;
      const forThreads = memory.sharedPages !== undefined && !builder.needsHost;
      compiled++;
      let entry: ReturnType<Kernels["get"]>;
      try {
        made.module ??= new WebAssembly.Module(bytes);
        entry = exportsOf(new WebAssembly.Instance(made.module, imports));
        if (forThreads) share(entry, bytes);
      } catch (error) {
        if (error instanceof WebAssembly.CompileError || error instanceof WebAssembly.LinkError) throw error;
        entry = WebAssembly.instantiate(bytes, imports).then(({ instance }) => {
          const ready = exportsOf(instance);
          if (forThreads) share(ready, bytes);
          cache.set(key, ready);
          return ready;
        });
      }
      cache.set(key, entry);
      return entry;
    },
  };
}
