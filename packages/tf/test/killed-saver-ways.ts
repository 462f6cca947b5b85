// The ways in which killed-saver.ts saves.

export interface Way {
  readonly writeVersion: "V1" | "V2";
  readonly sharded: boolean;
  /** Under a new prefix each time, the newest two kept; otherwise over the same one. */
  readonly rotates: boolean;
}

export const ways: Readonly<Record<string, Way>> = {
  "over one prefix": { writeVersion: "V2", sharded: false, rotates: false },
  "over one prefix, sharded": { writeVersion: "V2", sharded: true, rotates: false },
  rotating: { writeVersion: "V2", sharded: false, rotates: true },
  "rotating, sharded": { writeVersion: "V2", sharded: true, rotates: true },
  "rotating, V1": { writeVersion: "V1", sharded: false, rotates: true },
  "rotating, V1, sharded": { writeVersion: "V1", sharded: true, rotates: true },
};
