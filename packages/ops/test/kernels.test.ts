// What ops compute and which shapes they infer, against TensorFlow 1.15.5's kernels (recorded by record.py).
import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { families } from "../src/gen/op-entries.ts";
import { type OpEntry, standardOps } from "../src/index.ts";
import { type Case, expectCase, title } from "./recorded-cases.ts";

const cases = JSON.parse(
  readFileSync(new URL("fixtures/kernels.json", import.meta.url), "utf8"),
) as readonly Case[];

describe("kernels", () => {
  it.each(cases.map((one, i) => [`${i} ${title(one)}`, one] as const))("%s", (_, one) => expectCase(one));
});

describe("standardOps", () => {
  it("has one entry an op", () => {
    const owners = new Map<string, OpEntry>();
    for (const entry of families.flat()) {
      const name = entry.opDef.name ?? "";
      if (owners.has(name)) expect.soft(entry, `a second entry of ${name}`).toBe(owners.get(name));
      owners.set(name, entry);
    }
    expect(standardOps.names()).toEqual([...owners.keys()].sort());
  });

  it("has each op's OpDef under its own name", () => {
    for (const name of standardOps.names()) expect((standardOps.get(name) as OpEntry).opDef.name).toBe(name);
  });
});
