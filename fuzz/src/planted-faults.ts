// Faults that a reader could have, for the test that each is noticed.

/** By name; each lets the case at which it is planted fail. */
export const plantedFaults: Readonly<Record<string, () => unknown>> = {
  /** What is no TfError. */
  throw: () => (undefined as unknown as { length: number }).length,
  /** What is lost, and would end a program. */
  rejection: async () => {
    void Promise.reject(new Error("planted"));
    await new Promise((resolve) => setTimeout(resolve));
  },
  hang: () => {
    for (;;);
  },
  heap: () => {
    const kept: object[] = [];
    for (;;) kept.push({ kept });
  },
  buffer: () => new Uint8Array(2 ** 31),
  buffers: () => {
    for (let i = 0; i < 100; i++) new Uint8Array(2 ** 24);
  },
  prototype: () => {
    Object.defineProperty(Object.prototype, "planted", { value: 1, configurable: true });
  },
  exit: () => process.exit(3),
};
