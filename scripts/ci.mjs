// What .ci/run does: each step runs to its end, whatever the others did; its tests (or itself, as one check) are counted.
// Where CI=true a conformance test that was skipped counts as failed.
import { spawnSync } from "node:child_process";
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

function run(command, extra = {}) {
  const started = Date.now();
  const { status } = spawnSync(command[0], command.slice(1), {
    cwd: root,
    stdio: ["ignore", "inherit", "inherit"],
    env: { ...env, ...extra },
  });
  return { ok: status === 0, seconds: ((Date.now() - started) / 1000).toFixed(0) };
}

/** A step that passes or fails as a whole. */
function check(name, command, extra) {
  console.log(`\n=== ${name}: ${command.join(" ")}`);
  const { ok, seconds } = run(command, extra);
  if (ok) passed++;
  else failed++;
  summary.push(`${ok ? "ok    " : "FAILED"} ${name} (${seconds} s)`);
  return ok;
}

const reportOf = (name) => join(reports, `${name.replaceAll(" ", "-")}.json`);

/** A step that is a run of vitest: its tests are counted one by one. */
function tests(name, command, { skippedFail = false, env: extra = {} } = {}) {
  const report = reportOf(name);
  console.log(`\n=== ${name}: ${command.join(" ")}`);
  const { ok, seconds } = run(
    [...command, "--reporter=default", "--reporter=json", `--outputFile.json=${report}`],
    extra,
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
function haveChromium() {
  if (existsSync(process.env.METAGRAPH_CHROMIUM ?? "/usr/bin/chromium")) return true;
  if (process.getuid?.() !== 0 || !existsSync("/usr/bin/apt-get")) return false;
  for (const command of [
    ["apt-get", "update", "-qq"],
    ["apt-get", "install", "-y", "-qq", "chromium"],
  ])
    run(command, { DEBIAN_FRONTEND: "noninteractive" });
  return existsSync("/usr/bin/chromium");
}

const npx = (...args) => [...pnpm, "exec", ...args];

if (check("install", [...pnpm, "install", "--frozen-lockfile"])) {
  // Before the tests: Chromium brings the Vulkan driver on which Node's WebGPU is tested, too.
  const chromium = haveChromium();
  tests("tests", [...pnpm, "test"]);
  check("CONFORMANCE.md", ["node", "scripts/conformance.mjs", "--check", reportOf("tests")]);
  tests("tests without code from strings", npx("vitest", "run", "--config", "vitest.no-eval.config.ts"));
  // The Node at hand may have no relaxed SIMD: the one that has it is a package of npm's.
  tests("CPU kernels with relaxed SIMD", [
    ...["npx", "-y", "node@24", "node_modules/vitest/vitest.mjs"],
    ...["run", "--project", "kernels-cpu"],
  ]);
  check("broken files", ["node", "fuzz/run.mjs", "--seconds", "120"]);
  check("lint", npx("biome", "ci", ".", "--error-on-warnings"));
  check("arrows", ["node", "scripts/check-arrows.mjs"]);
  check("OPS.md", ["node", "scripts/ops.mjs", "--check"]);
  check("bundle sizes", ["node", "scripts/bundle-size.mjs"]);
  check("types", npx("turbo", "run", "typecheck", "--output-logs=errors-only"));
  check("build", npx("turbo", "run", "build", "--output-logs=errors-only"));
  check("packages", npx("turbo", "run", "check:pkg", "--output-logs=errors-only"));
  check("packed tarballs in an empty project", ["node", "scripts/check-packed.mjs"]);
  check("release dry run", ["node", "scripts/check-release.mjs"]);
  check("demo", [...pnpm, "demo"]);
  for (const [name, config] of [
    ["tests in Chromium", "vitest.browser.config.ts"],
    ["tests on WebGPU in Chromium", "vitest.webgpu.config.ts"],
  ])
    if (chromium) tests(name, npx("vitest", "run", "--config", config));
    else skip(name, "there is no Chromium (METAGRAPH_CHROMIUM names one), and it could not be installed");
  check("environments of real TensorFlows", ["node", "conformance/environments.mjs"]);
  tests("conformance", npx("vitest", "run", "--config", "conformance/vitest.config.ts"), {
    skippedFail: strict,
  });
}

if (kept === undefined) rmSync(reports, { recursive: true, force: true });
console.log(`\n${summary.join("\n")}\n`);
console.log(`${passed} passed, ${failed} failed`);
process.exitCode = failed > 0 ? 1 : 0;
