// What the tests of ops in packages/tf/test/ops say: their cases, read by running the test files with a describeOp that only listens.
import { readdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { build } from "esbuild";

const root = fileURLToPath(new URL("..", import.meta.url));
const folder = join(root, "packages/tf/test/ops");

/** The test files of ops. */
export const opTestFiles = () =>
  readdirSync(folder)
    .filter((name) => name.endsWith(".test.ts"))
    .sort()
    .map((name) => join(folder, name));

const stubs = {
  vitest: `const nothing = new Proxy(() => nothing, { get: () => nothing });
    export { nothing as afterAll, nothing as beforeAll, nothing as describe, nothing as expect, nothing as it, nothing as test, nothing as vi };`,
  "describe-op": "export const describeOp = (test) => { globalThis.metagraphOpTests.push(test); };",
};

/**
 * By file, its calls of describeOp, with `asked`: for each case { op, attrs, fed, inputs: PlainArrays (lists of them for list arguments), title }.
 * Rejects where a file does not load.
 */
export async function opTests(files) {
  const entry = files.map(
    (file, i) => `globalThis.metagraphOpTests = tests[${i}] = []; await import(${JSON.stringify(file)});`,
  );
  const outfile = join(root, "node_modules", `.op-tests-${process.pid}.mjs`);
  await build({
    stdin: {
      contents: `import { arraysOf, caseTitle, toPlain } from "@org/ops/testing";
        export const tests = [];\n${entry.join("\n")}
        for (const one of tests.flat())
          one.asked = one.cases.map((c) => ({ op: one.op, attrs: c.attrs ?? {}, fed: c.fed ?? false, title: caseTitle(one.op, c),
            inputs: arraysOf(c).map((a) => (Array.isArray(a) ? a.map(toPlain) : toPlain(a))) }));`,
      resolveDir: join(root, "packages", "tf"),
    },
    outfile,
    bundle: true,
    platform: "node",
    format: "esm",
    target: "node20",
    conditions: ["@org/source"],
    external: ["re2js", "fast-png", "jpeg-js"],
    banner: {
      js: 'import { createRequire as metagraphRequire } from "node:module"; const require = metagraphRequire(import.meta.url);',
    },
    plugins: [
      {
        name: "stubs",
        setup({ onResolve, onLoad }) {
          onResolve({ filter: /^vitest$|\/describe-op\.ts$/ }, ({ path }) => ({
            path: path === "vitest" ? path : "describe-op",
            namespace: "stub",
          }));
          onLoad({ filter: /./, namespace: "stub" }, ({ path }) => ({ contents: stubs[path] }));
        },
      },
    ],
    logLevel: "error",
  });
  try {
    const { tests } = await import(pathToFileURL(outfile).href);
    return tests;
  } finally {
    rmSync(outfile, { force: true });
  }
}
