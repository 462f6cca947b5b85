// Every probe that was measured has its test here, or a reason in pending.json.
import { readdirSync, readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { pending, theirAnswers } from "./probes.ts";

test("every measured probe is run, or waits with its reason", () => {
  const folder = new URL(".", import.meta.url);
  const sources = readdirSync(folder)
    .filter((name) => name.endsWith(".test.ts") && name !== "all.test.ts")
    .map((name) => readFileSync(new URL(name, folder), "utf8"));
  const areas = new Set(
    sources.flatMap((text) =>
      [...text.matchAll(/^probes\(\s*\[([^\]]*)\]/gm)].flatMap(([, list]) =>
        [...list!.matchAll(/"([^"]+)"/g)].map(([, area]) => area!),
      ),
    ),
  );
  expect([...areas].sort()).toEqual(
    [...new Set(Object.keys(theirAnswers).map((name) => name.split(".")[0]!))].sort(),
  );
  for (const [name, reason] of Object.entries(pending)) {
    expect(theirAnswers[name], name).toBeDefined();
    expect(reason).toMatch(/\S/);
  }
});
