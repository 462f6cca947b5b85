// A release, dry: versions a copy of the tree by changesets and publishes nothing. Fails where either would fail.
import { execFileSync } from "node:child_process";
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("..", import.meta.url));
const copy = mkdtempSync(join(tmpdir(), "metagraph-release-"));
const run = (command, args, cwd) =>
  execFileSync(command, args, { cwd, encoding: "utf8", stdio: ["ignore", "pipe", "pipe"] });
try {
  for (const file of run("git", ["ls-files"], root).trim().split("\n"))
    cpSync(join(root, file), join(copy, file));
  run("git", ["init", "-q", "-b", "main"], copy);
  cpSync(join(root, "node_modules"), join(copy, "node_modules"), { recursive: true, verbatimSymlinks: true });
  run(process.execPath, [join(copy, "node_modules", "@changesets", "cli", "bin.js"), "version"], copy);
  for (const name of readdirSync(join(copy, "packages"))) {
    const { version, publishConfig } = JSON.parse(
      readFileSync(join(copy, "packages", name, "package.json"), "utf8"),
    );
    if (version === "0.0.0") throw new Error(`packages/${name} has no changeset`);
    if (JSON.stringify(publishConfig.exports).includes("src/"))
      throw new Error(`packages/${name} would publish its sources' paths`);
    const listing = JSON.parse(
      run(
        "npx",
        ["-y", "pnpm@12", "publish", "--dry-run", "--no-git-checks", "--json"],
        join(root, "packages", name),
      ),
    );
    console.log(
      `@org/${name} ${version}: ${listing.files.length} files, ${(listing.size / 1000).toFixed(0)} KB packed`,
    );
  }
} finally {
  rmSync(copy, { recursive: true, force: true });
}
