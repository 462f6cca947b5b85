import { execFileSync } from "node:child_process";
import { writeFile } from "node:fs/promises";
import { describe, expect, it } from "vitest";
import { commands } from "./commands.ts";
import { scratchFolder } from "./folder.ts";
import { run } from "./run.ts";

const { at } = scratchFolder();
const script = async (shell: string) => (await run(["completion", shell])).out;

describe("completion", () => {
  it.each(["bash", "zsh", "fish"])("has every command and its options, for %s", async (shell) => {
    const text = await script(shell);
    for (const command of commands) expect(text).toContain(command);
    for (const option of ["tensor-name", "with-graph", "tolerance", "safetensors", "remove-training-nodes"])
      expect(text).toContain(option);
  });

  it("completes in bash", async () => {
    await writeFile(at("bash"), await script("bash"));
    const complete = (...words: string[]): string[] =>
      execFileSync(
        "bash",
        [
          "-c",
          `source "$0"; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _metagraph; printf '%s\\n' "\${COMPREPLY[@]}"`,
          at("bash"),
          ...words,
        ],
        { encoding: "utf8" },
      )
        .split("\n")
        .filter(Boolean);
    expect(complete("metagraph", "")).toEqual([...commands, "help"]);
    expect(complete("metagraph", "ex")).toEqual(["extract"]);
    expect(complete("metagraph", "diff", "--t")).toEqual(["--tolerance", "--tag-set"]);
    expect(complete("metagraph", "convert", "--to", "s")).toEqual(["safetensors", "saved-model"]);
    expect(complete("metagraph", "completion", "")).toEqual(["bash", "zsh", "fish"]);
    expect(complete("metagraph", "show", at("ba"))).toEqual([at("bash")]);
  });

  it("knows no other shell", async () => {
    expect(await run(["completion", "tcsh"])).toMatchObject({
      status: 2,
      err: expect.stringContaining("Allowed choices are bash, zsh, fish"),
    });
  });
});
