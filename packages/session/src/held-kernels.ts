// All ops that work on what lives as long as a run.
import type { HeldKernel } from "./held.ts";
import { stackKernels } from "./stacks.ts";
import { tensorArrayKernels } from "./tensor-arrays.ts";

export const heldKernels: Readonly<Record<string, HeldKernel>> = { ...stackKernels, ...tensorArrayKernels };
