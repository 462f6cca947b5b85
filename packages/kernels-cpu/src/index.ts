export { type CpuOptions, cpu } from "./cpu-backend.ts";
