// The Backend itself: handles, kinds of fusions, counters, faults. Kernels are made elsewhere. A launch has run when
// it returns, also where threads share it.
import { TfError } from "@org/errors";
import type {
  Backend,
  BackendStats,
  DeviceBuffer,
  Executable,
  Fusion,
  KernelFault,
  Refusal,
  RunningSums,
} from "@org/hlo";
import { createConstantPool } from "./constants.ts";
import { prepareConvolutionFusion } from "./convolution-kernel.ts";
import { prepareDot } from "./dot-kernel.ts";
import { readFault } from "./fault-record.ts";
import { hasRelaxedSimd, requireSimd } from "./features.ts";
import { createKernels } from "./kernels.ts";
import { type CpuBuffer, createMemory } from "./memory.ts";
import { prepareLoops } from "./nest-kernel.ts";
import type { CpuExecutable, Prepared, Workshop } from "./prepared.ts";
import { prepareSingle } from "./single-kernel.ts";
import { supports } from "./supports.ts";
import { canShareMemory } from "./threads/start-worker.ts";
import { bytesOfThread, createTeam } from "./threads/team.ts";

export interface CpuOptions {
  /** Most memory that buffers may take: at most, and by default, 4 GiB less 64 KiB. */
  readonly maximumBytes?: number;
  /** Use relaxed SIMD (fused multiply-add) where the engine has it; true unless said otherwise. Bits of results depend on it. */
  readonly relaxedSimd?: boolean;
  /**
   * Float sums of columns in the order of TensorFlow 1's kernels (1 running sum) or TensorFlow 2's (4), to follow a recorded run closely.
   * Default: in blocks, nearer to the true sums.
   */
  readonly runningSums?: RunningSums;
  /**
   * Threads to compute with, this one included; 1 unless said otherwise. Needs memory that threads can share: in browsers a page that is
   * cross-origin isolated. Where it cannot be had, one thread computes; `threads` of the backend says how many do. Results are the
   * same bits.
   */
  readonly threads?: number;
}

/** What a CPU backend has besides what every backend has. */
export interface CpuBackend extends Backend {
  /** Threads at work by now: workers count from when they are ready. */
  readonly threads: number;
  /** Resolved when every thread that was asked for is at work or could not be had. */
  readonly ready: Promise<void>;
}

// Reserved memory. Address 0 stays unused.
const faultAddress = 512;
const tileAddress = 640;
const argumentAddress = 1024;
const argumentBytes = 8192;
const constantOperandsAddress = argumentAddress + argumentBytes;
const constantsAddress = constantOperandsAddress + 1024;
const reservedBytes = 65536;

/**
 * A backend named CPU that runs kernels as WebAssembly made at run time. With threads it holds workers until it is closed.
 * Throws TfError UNIMPLEMENTED where there is no WebAssembly with SIMD, INVALID_ARGUMENT for a number of threads that is none.
 */
export function cpu(options: CpuOptions = {}): CpuBackend {
  requireSimd();
  const threads = checkedThreads(options.threads ?? 1);
  const shared = threads > 1 && canShareMemory();
  const memory = createMemory(
    reservedBytes + (shared ? threads * bytesOfThread(argumentBytes) : 0),
    options.maximumBytes ?? 2 ** 32,
    shared,
  );
  const team = shared ? createTeam(memory, { threads, address: reservedBytes, argumentBytes }) : undefined;
  const kernels = createKernels(memory);
  const workshop: Workshop = {
    memory,
    kernels,
    target: {
      relaxed: (options.relaxedSimd ?? true) && hasRelaxedSimd(),
      ...(options.runningSums && { runningSums: options.runningSums }),
      constants: createConstantPool(constantsAddress, reservedBytes, () => memory.bytes),
      faultAddress,
    },
    team,
    argumentAddress,
    argumentBytes,
    tileAddress,
    constantOperandsAddress,
  };
  const preparers = {
    loop: prepareLoops,
    reduce: prepareLoops,
    rows: prepareLoops,
    dot: prepareDot,
    convolution: prepareConvolutionFusion,
    single: prepareSingle,
  } as const;
  /** Keys of fusions that have code here for all in them. */
  const supported = new Set<string>();
  let launches = 0;
  let bytesUploaded = 0;
  let bytesDownloaded = 0;
  let fault: KernelFault | undefined;
  let closed = false;
  const open = (): void => {
    if (closed) throw new TfError("FAILED_PRECONDITION", "The CPU backend is closed");
  };
  const downloadSync = (buffer: DeviceBuffer, into?: Uint8Array): Uint8Array => {
    open();
    const { address, byteLength, references } = buffer as CpuBuffer;
    if (references <= 0) throw new TfError("INTERNAL", "A buffer was downloaded after its last release");
    bytesDownloaded += byteLength;
    if (into === undefined) return memory.bytes.slice(address, address + byteLength);
    if (byteLength <= 8) for (let i = 0; i < byteLength; i++) into[i] = memory.bytes[address + i]!;
    else into.set(memory.bytes.subarray(address, address + byteLength));
    return into.length === byteLength ? into : into.subarray(0, byteLength);
  };

  return {
    name: "CPU",
    get threads() {
      return team?.size ?? 1;
    },
    ready: team?.ready ?? Promise.resolve(),
    supports,
    alsoFuses: ["convolution", "rows"],

    prepare(fusion, donated) {
      open();
      const finish = (prepared: Prepared | Refusal): Executable | Refusal =>
        "refused" in prepared ? prepared : ({ fusion, ...prepared } satisfies CpuExecutable);
      if (!supported.has(fusion.key)) {
        const refused = unsupported(fusion);
        if (refused) return refused;
        supported.add(fusion.key);
      }
      const prepared = preparers[fusion.kind](workshop, fusion, donated);
      return prepared instanceof Promise ? prepared.then(finish) : finish(prepared);
    },

    launch(executable, inputs, outputs, site) {
      if (closed) open();
      const { run, mayFault } = executable as CpuExecutable;
      run(inputs as readonly CpuBuffer[], outputs as readonly CpuBuffer[]);
      launches++;
      if (mayFault) {
        const found = readFault(memory.words, faultAddress, site);
        fault ??= found;
      }
    },

    allocate(byteLength) {
      open();
      return memory.allocate(byteLength);
    },
    retain(buffer) {
      open();
      memory.retain(buffer as CpuBuffer);
    },
    release(buffer) {
      open();
      memory.release(buffer as CpuBuffer);
    },

    upload(data) {
      open();
      const buffer = memory.allocate(data.byteLength);
      memory.bytes.set(new Uint8Array(data.buffer, data.byteOffset, data.byteLength), buffer.address);
      bytesUploaded += data.byteLength;
      return buffer;
    },
    download: async (buffer) => downloadSync(buffer),
    downloadSync,

    takeFault() {
      open();
      const first = fault;
      fault = undefined;
      return first;
    },

    stats: (): BackendStats => ({
      compiled: kernels.compiled,
      launches,
      bytesUploaded,
      bytesDownloaded,
      buffers: closed ? 0 : memory.buffers,
      bytesInUse: closed ? 0 : memory.bytesInUse,
    }),
    async close() {
      closed = true;
      team?.close();
    },
  };
}

/** More than this, and waiting for the last one costs more than the last ones bring. */
const mostThreads = 64;

function checkedThreads(threads: number): number {
  if (Number.isSafeInteger(threads) && threads >= 1) return Math.min(threads, mostThreads);
  throw new TfError("INVALID_ARGUMENT", `cpu({ threads }) takes a whole number from 1, not ${threads}`);
}

/** A refusal for the first instruction that has no code here. */
function unsupported({ computation }: Fusion): Refusal | undefined {
  for (const { opcode, dtype, operands } of computation.instructions) {
    if (!supports(opcode, [dtype, ...operands.map((operand) => operand.dtype)])) {
      return { refused: `CPU has no kernel for ${opcode} of ${dtype}` };
    }
  }
  return undefined;
}
