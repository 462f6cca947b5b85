// The backend's memory: one growing WebAssembly.Memory, an allocator over it, and reference-counted handles. Small
// blocks come from free lists by size class (four classes to a doubling), carved out of chunks; large ones first-fit
// from an address-ordered list that merges neighbours. Every block starts at a multiple of 64 bytes and is padded to it, so a
// vector load past an array's end stays inside its block. Nothing is zeroed: content is undefined, as the contract says.
import { TfError } from "@org/errors";
import type { DeviceBuffer } from "@org/hlo";

const pageBytes = 65536;
const alignment = 64;
const chunkBytes = 256 * 1024;
const largestSmall = 32 * 1024;

/** A handle: where the bytes are, and how many hold on to them. */
export interface CpuBuffer extends DeviceBuffer {
  readonly address: number;
  references: number;
}

/** Addresses of free and used memory. Sizes given back must be those that were asked for. */
export interface Allocator {
  /** The address of a new block; undefined where `grow` refuses. */
  allocate(byteLength: number): number | undefined;
  free(address: number, byteLength: number): void;
}

/** Size classes 64, 128, 192, 256, then four to a doubling: what a block of `byteLength` really takes. */
export function blockBytes(byteLength: number): number {
  const size = Math.max(alignment, Math.ceil(byteLength / alignment) * alignment);
  if (size <= 256 || size > largestSmall) return size;
  const step = 2 ** Math.floor(Math.log2(size - 1)) / 4;
  return Math.ceil(size / step) * step;
}

/**
 * An allocator over addresses from `start`; `grow(end)` makes addresses below `end` usable or says false. Pure
 * bookkeeping, so that it can be tested without memory.
 */
export function createAllocator(start: number, grow: (end: number) => boolean): Allocator {
  const freeSmall = new Map<number, number[]>();
  // Free large extents by address; neighbours are merged, so there are few.
  const free: { address: number; size: number }[] = [];
  let top = Math.ceil(start / alignment) * alignment;
  let chunk = 0;
  let chunkEnd = 0;

  const allocateLarge = (size: number): number | undefined => {
    for (let i = 0; i < free.length; i++) {
      const extent = free[i]!;
      if (extent.size < size) continue;
      const address = extent.address;
      if (extent.size === size) free.splice(i, 1);
      else free[i] = { address: address + size, size: extent.size - size };
      return address;
    }
    // The last extent, if it ends at the top, is extended.
    const last = free.at(-1);
    const base = last && last.address + last.size === top ? last.address : top;
    if (!grow(base + size)) return undefined;
    if (base !== top) free.pop();
    top = base + size;
    return base;
  };

  const freeLarge = (address: number, size: number): void => {
    let low = 0;
    let high = free.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (free[middle]!.address < address) low = middle + 1;
      else high = middle;
    }
    const before = free[low - 1];
    const after = free[low];
    const joinsBefore = before !== undefined && before.address + before.size === address;
    const joinsAfter = after !== undefined && address + size === after.address;
    const merged = {
      address: joinsBefore ? before.address : address,
      size: size + (joinsBefore ? before.size : 0) + (joinsAfter ? after.size : 0),
    };
    free.splice(joinsBefore ? low - 1 : low, (joinsBefore ? 1 : 0) + (joinsAfter ? 1 : 0), merged);
  };

  return {
    allocate(byteLength) {
      const size = blockBytes(byteLength);
      if (size > largestSmall) return allocateLarge(size);
      const list = freeSmall.get(size);
      if (list && list.length > 0) return list.pop()!;
      if (chunk + size > chunkEnd) {
        const next = allocateLarge(chunkBytes);
        if (next === undefined) return undefined;
        if (chunkEnd > chunk) freeLarge(chunk, chunkEnd - chunk);
        chunk = next;
        chunkEnd = next + chunkBytes;
      }
      const address = chunk;
      chunk += size;
      return address;
    },
    free(address, byteLength) {
      const size = blockBytes(byteLength);
      if (size > largestSmall) {
        freeLarge(address, size);
        return;
      }
      const list = freeSmall.get(size);
      if (list) list.push(address);
      else freeSmall.set(size, [address]);
    },
  };
}

/** Memory with handles. Addresses below `reservedBytes` are the kernels' own: arguments, fault record, tables. */
export interface CpuMemory {
  readonly wasm: WebAssembly.Memory;
  /** Most pages, of memory that threads share; undefined for memory of one thread. */
  readonly sharedPages: number | undefined;
  /** Views of the whole memory: read them anew after anything that may allocate. */
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly words: Int32Array<ArrayBuffer>;
  allocate(byteLength: number): CpuBuffer;
  /** Memory that a kernel needs for itself: not counted, given back with `freeScratch`. */
  allocateScratch(byteLength: number): CpuBuffer;
  freeScratch(buffer: CpuBuffer): void;
  retain(buffer: CpuBuffer): void;
  release(buffer: CpuBuffer): void;
  readonly buffers: number;
  readonly bytesInUse: number;
}

/** Creates memory of at most `maximumBytes`, for one thread or several. Throws TfError RESOURCE_EXHAUSTED where it cannot be had. */
export function createMemory(reservedBytes: number, maximumBytes: number, shared = false): CpuMemory {
  const initial = Math.ceil((reservedBytes + chunkBytes) / pageBytes);
  // The last page stays unused: no address plus a vector's length wraps around.
  const limit = Math.min(Math.floor(maximumBytes / pageBytes), 65535) * pageBytes;
  const sharedPages = shared ? Math.max(initial, limit / pageBytes) : undefined;
  const wasm = new WebAssembly.Memory(
    sharedPages === undefined ? { initial } : { initial, maximum: sharedPages, shared: true },
  );
  let bytes = new Uint8Array(wasm.buffer as ArrayBuffer);
  let words = new Int32Array(wasm.buffer as ArrayBuffer);
  let buffers = 0;
  let bytesInUse = 0;

  const grow = (end: number): boolean => {
    const current = bytes.length;
    const needed = end + alignment;
    if (needed <= current) return true;
    if (needed > limit) return false;
    const pages = (size: number): number => Math.ceil(size / pageBytes);
    const exact = pages(needed) - current / pageBytes;
    const generous =
      Math.min(pages(Math.max(needed, current * 1.25)), limit / pageBytes) - current / pageBytes;
    for (const by of [Math.max(generous, exact), exact]) {
      try {
        wasm.grow(by);
        bytes = new Uint8Array(wasm.buffer as ArrayBuffer);
        words = new Int32Array(wasm.buffer as ArrayBuffer);
        return true;
      } catch {
        // The engine has less: try with what is needed alone.
      }
    }
    return false;
  };
  const allocator = createAllocator(reservedBytes, grow);
  const block = (byteLength: number): CpuBuffer => {
    if (!Number.isSafeInteger(byteLength) || byteLength < 0) {
      throw new TypeError(`A buffer's length is a whole number of bytes, not ${byteLength}`);
    }
    const address = byteLength > limit ? undefined : allocator.allocate(byteLength);
    if (address === undefined) {
      throw new TfError("RESOURCE_EXHAUSTED", `OOM when allocating ${byteLength} bytes by allocator cpu`, {
        hint: `${bytesInUse} bytes are in use of at most ${limit}; WebAssembly's 32-bit memory ends at 4 GiB. Use smaller batches, or raise cpu({ maximumBytes }).`,
      });
    }
    return { byteLength, address, references: 1 };
  };

  return {
    wasm,
    sharedPages,
    get bytes() {
      return bytes;
    },
    get words() {
      return words;
    },
    get buffers() {
      return buffers;
    },
    get bytesInUse() {
      return bytesInUse;
    },
    allocate(byteLength) {
      const buffer = block(byteLength);
      buffers++;
      bytesInUse += byteLength;
      return buffer;
    },
    allocateScratch: block,
    freeScratch: (buffer) => allocator.free(buffer.address, buffer.byteLength),
    retain(buffer) {
      if (buffer.references <= 0)
        throw new TfError("INTERNAL", "A buffer was retained after its last release");
      buffer.references++;
    },
    release(buffer) {
      if (buffer.references <= 0) throw new TfError("INTERNAL", "A buffer was released too often");
      if (--buffer.references > 0) return;
      buffers--;
      bytesInUse -= buffer.byteLength;
      allocator.free(buffer.address, buffer.byteLength);
    },
  };
}
