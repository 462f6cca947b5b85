import { readFileSync } from "node:fs";
import { expect, it } from "vitest";
import wabt from "wabt";

it("has a module that is the assembled crc32c.wat", async () => {
  const here = (name: string) => readFileSync(new URL(`../src/${name}`, import.meta.url), "utf8");
  const text = (await wabt()).parseWat("crc32c.wat", here("crc32c.wat"), { simd: true });
  text.validate();
  const bytes = Buffer.from(text.toBinary({}).buffer).toString("base64");
  text.destroy();
  const inlined = [.../const module =[^;]*;/.exec(here("crc32c-wasm.ts"))![0].matchAll(/"([^"]*)"/g)];
  expect(inlined.map(([, part]) => part).join("")).toBe(bytes);
});
