// The Backend itself: handles, kinds of fusions, counters, and the next device where one is lost. Kernels are made elsewhere; what they
// do is recorded and runs later, in order.
import type { Backend, BackendStats, DeviceRecovery, Fusion, Refusal } from "@org/hlo";
import type { GpuBuffer } from "./buffers.ts";
import { prepareConvolutionFusion } from "./convolution-kernel.ts";
import { prepareDot } from "./dot-kernel.ts";
import type { GpuOptions } from "./gpu-device.ts";
import { prepareLoop } from "./loop-kernel.ts";
import { countsOf, type DeviceCounts, type OpenWorkshop, openWorkshop } from "./open-workshop.ts";
import { andThen, type GpuExecutable, type Prepared, type Preparer } from "./prepared.ts";
import { prepareReduce } from "./reduce-kernel.ts";
import { prepareRows } from "./rows-kernel.ts";
import { prepareSingle } from "./single-kernel.ts";
import { supports } from "./supports.ts";

const preparers: Readonly<Record<Fusion["kind"], Preparer>> = {
  loop: prepareLoop,
  reduce: prepareReduce,
  rows: prepareRows,
  dot: prepareDot,
  convolution: prepareConvolutionFusion,
  single: prepareSingle,
};

/**
 * Opens a backend named GPU that runs kernels as WGSL made at run time. Work is recorded and submitted when something is
 * downloaded; faults are known after a download. Throws TfError UNIMPLEMENTED where there is no WebGPU, UNAVAILABLE where it
 * has no adapter; later calls throw UNAVAILABLE when the device is lost, until `recovery.recover` has opened another one.
 */
export async function gpu(options: GpuOptions = {}): Promise<Backend> {
  let workshop: OpenWorkshop = await openWorkshop(options);
  let before: DeviceCounts = { compiled: 0, bytesUploaded: 0, bytesDownloaded: 0, submits: 0 };
  let launches = 0;
  let closed = false;
  let replaced = 0;
  let recovering: Promise<void> | undefined;

  const reopen = async (): Promise<void> => {
    const opened = await openWorkshop(options);
    workshop.device.close();
    before = countsOf(workshop, before);
    workshop = opened;
    replaced++;
    if (closed) opened.device.close();
  };
  const recovery: DeviceRecovery = {
    get losses() {
      return replaced + Number(workshop.device.isLost);
    },
    async recover() {
      if (!workshop.device.isLost) return workshop.device.check();
      recovering ??= reopen().finally(() => {
        recovering = undefined;
      });
      await recovering;
    },
  };

  return {
    name: "GPU",
    supports,
    alsoFuses: ["convolution", "rows"],
    get maxBuffers() {
      return workshop.maxBuffers;
    },

    prepare(fusion, donated) {
      workshop.device.check();
      const refused = unsupported(fusion);
      if (refused) return refused;
      const made = workshop;
      const finish = (prepared: Prepared | Refusal): GpuExecutable | Refusal =>
        "refused" in prepared ? prepared : { fusion, workshop: made, run: prepared.run };
      return andThen(preparers[fusion.kind](workshop, fusion, donated), finish);
    },

    launch(executable, inputs, outputs, site) {
      const { workshop: made, run } = executable as GpuExecutable;
      made.device.check();
      checkBuffers(inputs);
      checkBuffers(outputs);
      run(inputs as readonly GpuBuffer[], outputs as readonly GpuBuffer[], site);
      launches++;
    },

    allocate(byteLength) {
      workshop.device.check();
      return workshop.memory.allocate(byteLength);
    },
    // Buffers of a lost device are given back all the same: sessions close.
    retain(buffer) {
      (buffer as GpuBuffer).memory.retain(buffer as GpuBuffer);
    },
    release(buffer) {
      (buffer as GpuBuffer).memory.release(buffer as GpuBuffer);
    },

    upload(data) {
      workshop.device.check();
      return workshop.recorder.upload(data);
    },
    async download(buffer) {
      checkBuffers([buffer as GpuBuffer]);
      workshop.device.check();
      return workshop.recorder.download(buffer as GpuBuffer);
    },

    async settle() {
      workshop.device.check();
      await workshop.recorder.settle();
    },
    takeFault: () => workshop.recorder.takeFault(),
    // A device that the program has opened is the program's to replace.
    ...(options.device ? {} : { recovery }),

    stats: (): BackendStats => ({
      ...countsOf(workshop, before),
      launches,
      buffers: closed ? 0 : workshop.memory.buffers,
      bytesInUse: closed ? 0 : workshop.memory.bytesInUse,
    }),
    async close() {
      closed = true;
      workshop.device.close();
    },
  };
}

/** Throws where what a buffer held was lost. */
function checkBuffers(buffers: readonly unknown[]): void {
  for (const { memory } of buffers as readonly GpuBuffer[]) if (memory.device.isLost) memory.device.check();
}

/** A refusal for the first instruction that has no code here. */
function unsupported({ computation }: Fusion): Refusal | undefined {
  for (const { opcode, dtype, operands } of computation.instructions) {
    if (!supports(opcode, [dtype, ...operands.map((operand) => operand.dtype)])) {
      return { refused: `GPU has no kernel for ${opcode} of ${dtype}` };
    }
  }
  return undefined;
}
