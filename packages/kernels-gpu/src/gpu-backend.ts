// The Backend itself: handles, kinds of fusions, counters. Kernels are made elsewhere; what they do is recorded and runs
// later, in order.
import type { Backend, BackendStats, Fusion, Refusal } from "@org/hlo";
import { maxBuffers } from "./arrangement.ts";
import { type GpuBuffer, GpuMemory } from "./buffers.ts";
import { Constants } from "./constants.ts";
import { prepareConvolutionFusion } from "./convolution-kernel.ts";
import { prepareDot } from "./dot-kernel.ts";
import { type GpuOptions, openDevice } from "./gpu-device.ts";
import { prepareLoop } from "./loop-kernel.ts";
import { Pipelines } from "./pipelines.ts";
import { andThen, type GpuExecutable, type Prepared, type Preparer, type Workshop } from "./prepared.ts";
import { Recorder } from "./recorder.ts";
import { prepareReduce } from "./reduce-kernel.ts";
import { prepareSingle } from "./single-kernel.ts";
import { supports } from "./supports.ts";

const preparers: Readonly<Record<Fusion["kind"], Preparer>> = {
  loop: prepareLoop,
  reduce: prepareReduce,
  dot: prepareDot,
  convolution: prepareConvolutionFusion,
  single: prepareSingle,
};

/**
 * Opens a backend named GPU that runs kernels as WGSL made at run time. Work is recorded and submitted when something is
 * downloaded; faults are known after a download. Throws TfError UNIMPLEMENTED where there is no WebGPU, UNAVAILABLE where it
 * has no adapter; later calls throw UNAVAILABLE when the device is lost.
 */
export async function gpu(options: GpuOptions = {}): Promise<Backend> {
  const device = await openDevice(options);
  const memory = new GpuMemory(device, options.maximumBytes ?? Number.POSITIVE_INFINITY);
  const recorder = new Recorder(device, memory);
  const pipelines = new Pipelines(device);
  const workshop: Workshop = {
    limits: device.limits,
    pipelines,
    recorder,
    memory,
    constants: new Constants(device),
  };
  let launches = 0;
  let closed = false;

  return {
    name: "GPU",
    supports,
    alsoFuses: ["convolution"],
    maxBuffers: maxBuffers(device.limits),

    prepare(fusion, donated) {
      device.check();
      const refused = unsupported(fusion);
      if (refused) return refused;
      const finish = (prepared: Prepared | Refusal): GpuExecutable | Refusal =>
        "refused" in prepared ? prepared : { fusion, run: prepared.run };
      return andThen(preparers[fusion.kind](workshop, fusion, donated), finish);
    },

    launch(executable, inputs, outputs, site) {
      device.check();
      (executable as GpuExecutable).run(
        inputs as readonly GpuBuffer[],
        outputs as readonly GpuBuffer[],
        site,
      );
      launches++;
    },

    allocate(byteLength) {
      device.check();
      return memory.allocate(byteLength);
    },
    // Buffers of a lost device are given back all the same: sessions close.
    retain(buffer) {
      memory.retain(buffer as GpuBuffer);
    },
    release(buffer) {
      memory.release(buffer as GpuBuffer);
    },

    upload(data) {
      device.check();
      return recorder.upload(data);
    },
    async download(buffer) {
      device.check();
      return recorder.download(buffer as GpuBuffer);
    },

    async settle() {
      device.check();
      await recorder.settle();
    },
    takeFault: () => recorder.takeFault(),

    stats: (): BackendStats => ({
      compiled: pipelines.compiled,
      launches,
      bytesUploaded: recorder.bytesUploaded,
      bytesDownloaded: recorder.bytesDownloaded,
      buffers: closed ? 0 : memory.buffers,
      bytesInUse: closed ? 0 : memory.bytesInUse,
      submits: recorder.submits,
    }),
    async close() {
      closed = true;
      device.close();
    },
  };
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
