export { gpu } from "./gpu-backend.ts";
export type { GpuOptions } from "./gpu-device.ts";
