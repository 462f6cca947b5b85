// What .ci/run does: each step runs to its end, whatever the others did; its tests (or itself, as one check) are counted.
// Steps that keep one processor busy run beside others, and print when they are done. Where CI=true a conformance test that was skipped
// counts as failed.
import { spawn } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("..", import.meta.url));
// METAGRAPH_REPORTS keeps what vitest reported (CONFORMANCE.md is written from it).
const kept = process.env.METAGRAPH_REPORTS;
const reports = kept ?? mkdtempSync(join(tmpdir(), "metagraph-ci-"));
const strict = process.env.CI === "true";
const env = {
  ...process.env,
  TURBO_TELEMETRY_DISABLED: "1",
  DO_NOT_TRACK: "1",
  NO_COLOR: "1",
  FORCE_COLOR: "0",
};
const pnpm = ["npx", "-y", "pnpm@12"];
let passed = 0;
let failed = 0;
const summary = [];

/** Runs a command to its end. Steps beside others keep what they print until then. */
async function run(command, { beside = false, env: extra = {} } = {}) {
  const started = Date.now();
  const child = spawn(command[0], command.slice(1), {
    cwd: root,
    stdio: ["ignore", beside ? "pipe" : "inherit", beside ? "pipe" : "inherit"],
    env: { ...env, ...extra },
  });
  const printed = [];
  for (const stream of [child.stdout, child.stderr]) stream?.on("data", (data) => printed.push(data));
  const status = await new Promise((resolve) => {
    child.on("error", (error) => {
      console.log(error.message);
      resolve(1);
    });
    child.on("close", resolve);
  });
  if (beside) {
    title(command);
    process.stdout.write(Buffer.concat(printed));
  }
  return { ok: status === 0, seconds: ((Date.now() - started) / 1000).toFixed(0) };
}

const title = (command) => console.log(`\n=== ${command.join(" ")}`);

/** A step that passes or fails as a whole. */
async function check(name, command, options = {}) {
  if (!options.beside) title(command);
  const { ok, seconds } = await run(command, options);
  if (ok) passed++;
  else failed++;
  summary.push(`${ok ? "ok    " : "FAILED"} ${name} (${seconds} s)`);
  return ok;
}

const reportOf = (name) => join(reports, `${name.replaceAll(" ", "-")}.json`);

/** A step that is a run of vitest: its tests are counted one by one. */
async function tests(name, command, { skippedFail = false, ...options } = {}) {
  const report = reportOf(name);
  if (!options.beside) title(command);
  const { ok, seconds } = await run(
    [...command, "--reporter=default", "--reporter=json", `--outputFile.json=${report}`],
    options,
  );
  let counts = { numPassedTests: 0, numFailedTests: 0, numPendingTests: 0, numTotalTestSuites: 0 };
  if (existsSync(report)) counts = JSON.parse(readFileSync(report, "utf8"));
  const { numPassedTests, numFailedTests, numPendingTests } = counts;
  passed += numPassedTests;
  failed += numFailedTests + (skippedFail ? numPendingTests : 0);
  // A file that does not load, or a run that died, has no failed test to show for it.
  if (!ok && numFailedTests === 0) failed++;
  if (ok && numPassedTests + numPendingTests === 0) failed++;
  summary.push(
    `${ok ? "ok    " : "FAILED"} ${name}: ${numPassedTests} passed, ${numFailedTests} failed, ${numPendingTests} skipped (${seconds} s)`,
  );
}

/** A step that this machine cannot do: said loudly, and counted as failed where CI=true. */
function skip(name, why) {
  console.log(`\n!!! ${name}: skipped: ${why}`);
  if (strict) failed++;
  summary.push(`SKIPPED ${name}: ${why}`);
}

/** Whether there is a Chromium; as root on Debian it is installed. */
async function haveChromium() {
  if (existsSync(process.env.METAGRAPH_CHROMIUM ?? "/usr/bin/chromium")) return true;
  if (process.getuid?.() !== 0 || !existsSync("/usr/bin/apt-get")) return false;
  for (const command of [
    ["apt-get", "update", "-qq"],
    ["apt-get", "install", "-y", "-qq", "chromium"],
  ])
    await run(command, { env: { DEBIAN_FRONTEND: "noninteractive" } });
  return existsSync("/usr/bin/chromium");
}

const npx = (...args) => [...pnpm, "exec", ...args];

const beside = { beside: true };

/** What is neither a test nor in need of many processors. */
async function checks() {
  await check("lint", npx("biome", "ci", ".", "--error-on-warnings"), beside);
  await check("arrows", ["node", "scripts/check-arrows.mjs"], beside);
  await check("OPS.md", ["node", "scripts/ops.mjs", "--check"], beside);
  await check("bundle sizes", ["node", "scripts/bundle-size.mjs"], beside);
  await check("types", npx("turbo", "run", "typecheck", "--output-logs=errors-only"), beside);
  await check("build", npx("turbo", "run", "build", "--output-logs=errors-only"), beside);
  await check("packages", npx("turbo", "run", "check:pkg", "--output-logs=errors-only"), beside);
  await check("packed tarballs in an empty project", ["node", "scripts/check-packed.mjs"], beside);
  await check("release dry run", ["node", "scripts/check-release.mjs"], beside);
  await check("demo", [...pnpm, "demo"], beside);
}

/** Tests under other flags and engines, and what has no end of its own. */
async function otherTests() {
  await tests(
    "tests without code from strings",
    npx("vitest", "run", "--config", "vitest.no-eval.config.ts", "--maxWorkers=1"),
    beside,
  );
  // The Node at hand may have no relaxed SIMD: the one that has it is a package of npm's.
  await tests(
    "CPU kernels with relaxed SIMD",
    [
      ...["npx", "-y", "node@24", "node_modules/vitest/vitest.mjs"],
      ...["run", "--project", "kernels-cpu", "--maxWorkers=1"],
    ],
    beside,
  );
  await check("broken files", ["node", "fuzz/run.mjs", "--seconds", "120", "--workers", "1"], beside);
}

/** What real TensorFlows do with our files, and we with theirs. */
async function conformance() {
  await check("environments of real TensorFlows", ["node", "conformance/environments.mjs"], beside);
  await tests("conformance", npx("vitest", "run", "--config", "conformance/vitest.config.ts"), {
    skippedFail: strict,
    beside: true,
  });
}

async function browser() {
  await tests("tests in Chromium", npx("vitest", "run", "--config", "vitest.browser.config.ts"), beside);
  await tests(
    "tests on WebGPU in Chromium",
    npx("vitest", "run", "--config", "vitest.webgpu.config.ts"),
    beside,
  );
}

if (await check("install", [...pnpm, "install", "--frozen-lockfile"])) {
  // Before the tests: Chromium brings the Vulkan driver on which Node's WebGPU is tested, too.
  const chromium = await haveChromium();
  await tests("tests", [...pnpm, "test"]);
  await check("CONFORMANCE.md", ["node", "scripts/conformance.mjs", "--check", reportOf("tests")]);
  await Promise.all([checks(), otherTests()]);
  if (!chromium)
    skip(
      "tests in Chromium",
      "there is no Chromium (METAGRAPH_CHROMIUM names one), and it could not be installed",
    );
  await Promise.all([conformance(), ...(chromium ? [browser()] : [])]);
}

if (kept === undefined) rmSync(reports, { recursive: true, force: true });
console.log(`\n${summary.join("\n")}\n`);
console.log(`${passed} passed, ${failed} failed`);
process.exitCode = failed > 0 ? 1 : 0;
