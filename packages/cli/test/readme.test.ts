import { copyFile, cp, readFile } from "node:fs/promises";
import { EventsWriter } from "@org/summary";
import { describe, expect, it } from "vitest";
import { runReadme } from "../../../vitest.readme.ts";
import { scratchFolder } from "./folder.ts";
import { fixture, run } from "./run.ts";

it("has a README whose example runs", async () => {
  process.env.MODEL = fixture("momentum");
  const { status, params } = await runReadme(import.meta.url);
  expect([status, params]).toEqual([0, 111]);
});

describe("the README's command lines", () => {
  const { at } = scratchFolder();

  it("run, one after the other", async () => {
    for (const file of ["index", "data-00000-of-00001", "meta"])
      await copyFile(`${fixture("momentum")}.${file}`, at(`model-100.${file}`));
    await cp(fixture("saved_model"), at("export/1"), { recursive: true });
    await copyFile(fixture("examples.gzip.tfrecord"), at("train.tfrecord"));
    const writer = new EventsWriter(at("events"), { hostname: "host", now: () => 1_700_000_000 });
    await writer.writeEvent({ step: 1, summary: { value: [{ tag: "loss", simpleValue: 1 }] } });
    await writer.close();

    const readme = await readFile(new URL("../README.md", import.meta.url), "utf8");
    const lines = readme.match(/^metagraph .+/gm)!;
    const shown = new Set(lines.map((line) => line.split(" ")[1]));
    for (const command of (await run(["--help"])).out.matchAll(/^ {2}([a-z]+) (?=.*<)/gm))
      expect([...shown]).toContain(command[1]);
    const files = /^(model|export|train|events|w\.npy|graph|old|served|new|part|frozen)/;
    for (const line of lines) {
      const args = line
        .replace(/ +#.*/, "")
        .split(" ")
        .slice(1)
        .map((arg) => (files.test(arg) ? at(arg) : arg.replace(/^'|'$/g, "")));
      const { status, err } = await run(args);
      // Without its Momentum tensors, and so on: that they differ is what `diff` is to say.
      expect(args[0] === "diff" ? [0, 1] : [0], `${line}\n${err}`).toContain(status);
    }
  });
});
