// Runs an example: `node run.mjs demo --steps 500`; without a name, lists them. Bundles it from the TypeScript sources first
// (0.2 s), so nothing needs to be built. What examples share lies in lib/.
import { spawnSync } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { build } from "esbuild";

const here = import.meta.dirname;
const [name, ...args] = process.argv.slice(2);
const names = readdirSync(join(here, "src"))
  .filter((file) => file.endsWith(".ts"))
  .map((file) => file.slice(0, -3));
if (!names.includes(name)) {
  // What an example does is the first sentence of its file.
  const does = (name) =>
    readFileSync(join(here, "src", `${name}.ts`), "utf8").match(/^\/\/ (.+?)(?:[.;](?= |$)|$)/m)[1];
  const width = Math.max(...names.map((name) => name.length));
  const list = names.map((name) => `  ${name.padEnd(width)}  ${does(name)}`).join("\n");
  const asked = name === undefined || name === "--help" || name === "-h";
  if (asked) console.log(`Usage: npx -y pnpm@12 example NAME [ARGUMENTS]\n\n${list}`);
  else console.error(`No example is called ${name}:\n\n${list}`);
  process.exit(asked ? 0 : 2);
}
// Ctrl-C is the example's to handle; this process stays to clean up.
process.on("SIGINT", () => {});
const folder = mkdtempSync(join(here, ".run-"));
const outfile = join(folder, `${name}.mjs`);
try {
  await build({
    entryPoints: [join(here, "src", `${name}.ts`)],
    outfile,
    bundle: true,
    platform: "node",
    format: "esm",
    target: "node20",
    conditions: ["@org/source"],
    // Native code, and only there where it is asked for.
    external: ["webgpu"],
    // The folder of what is run; lib/ lies beside it.
    define: { "import.meta.dirname": JSON.stringify(join(here, "src")) },
    // CommonJS dependencies (protobufjs) ask for require.
    banner: {
      js: 'import { createRequire as metagraphRequire } from "node:module"; const require = metagraphRequire(import.meta.url);',
    },
    logLevel: "error",
    sourcemap: "inline",
  });
  const child = spawnSync(process.execPath, ["--enable-source-maps", outfile, ...args], { stdio: "inherit" });
  process.exitCode = child.status ?? 130;
} finally {
  rmSync(folder, { recursive: true, force: true });
}
