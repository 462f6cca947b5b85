// Help, version, and wrong usage.
import { readFile } from "node:fs/promises";
import { describe, expect, it } from "vitest";
import { commands } from "./commands.ts";
import { run } from "./run.ts";

describe("metagraph --help", () => {
  it.each([["--help"], ["-h"], ["help"]])(
    "prints help with an example, on standard output: %s",
    async (flag) => {
      const { status, out, err } = await run([flag]);
      expect([status, err]).toEqual([0, ""]);
      for (const command of commands) expect(out).toMatch(new RegExp(`^ {2}${command} `, "m"));
      expect(out).toMatch(/^Examples:\n {2}metagraph show/m);
      expect(out).toMatch(/^Exit status: 0 done/m);
    },
  );

  it.each(commands)("helps with %s, and gives an example", async (command) => {
    const { status, out, err } = await run([command, "--help"]);
    expect([status, err]).toEqual([0, ""]);
    expect(out).toContain(`Usage: metagraph ${command} [options] <`);
    expect(out).toMatch(new RegExp(`^Examples?:\n {2}metagraph ${command} `, "m"));
    expect((await run(["help", command])).out).toBe(out);
    expect((await run([command, "-h"])).out).toBe(out);
  });

  it("prints the package's version", async () => {
    const manifest = JSON.parse(await readFile(new URL("../package.json", import.meta.url), "utf8"));
    for (const flag of ["-V", "--version"])
      expect(await run([flag])).toMatchObject({ status: 0, out: manifest.version, err: "" });
  });
});

describe("wrong usage is status 2, on standard error", () => {
  it("suggests the option that was meant", async () => {
    const { status, out, err } = await run(["show", "x.meta", "--jsn"]);
    expect([status, out]).toEqual([2, ""]);
    expect(err).toBe("error: unknown option '--jsn'\n(Did you mean --json?)");
  });

  it("suggests the command that was meant", async () => {
    expect(await run(["sho"])).toMatchObject({
      status: 2,
      err: "error: unknown command 'sho'\n(Did you mean show?)",
    });
  });

  it.each([
    [["ls"], "error: missing required argument 'file'"],
    [["get", "model"], "error: missing required argument 'name'"],
    [["ls", "a", "b"], "error: too many arguments for 'ls'"],
    [["get", "a", "b", "-o"], "error: option '-o, --output <file>' argument missing"],
    [["get", "a", "b", "--slice", "x"], "Expected a pair of numbers or '-' but got 'x'"],
    [["get", "a", "b", "--slice", "0:3"], 'A slice is "start,length" for each dimension'],
    [["get", "a", "b", "--slice", "2,0"], "positive length"],
    [["get", "a", "b", "--json", "-o", "x"], "error: option '--json' cannot be used with option '-o"],
    [[], "Usage: metagraph"],
  ])("says what is wrong: metagraph %j", async (args, words) => {
    const { status, out, err } = await run(args);
    expect([status, out]).toEqual([2, ""]);
    expect(err).toContain(words);
  });
});
