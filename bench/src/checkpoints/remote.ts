import type { CheckpointCase } from "../checkpoints.ts";
export const remoteTensor: CheckpointCase = { name: "http", run: async () => ({}) };
