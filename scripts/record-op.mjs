// Records what TensorFlow 1.15.5 gives for the cases of an op's test, in that file itself:
//     node scripts/record-op.mjs packages/tf/test/ops/cross.test.ts
// The file has `const recorded: readonly Recorded[] = [...]` and passes it to describeOp. The TensorFlow is the one of the conformance tests
// (conformance/environments.mjs makes its environment; METAGRAPH_PYTHON_TENSORFLOW names another python that has it).
import { execFileSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { environment } from "../conformance/environments.mjs";
import { opTests } from "./op-tests.mjs";

const root = fileURLToPath(new URL("..", import.meta.url));
const place = /^(const recorded: readonly Recorded\[\] = )\[[\s\S]*?\];$/m;

function fail(why) {
  console.error(why);
  process.exit(1);
}

const [path] = process.argv.slice(2);
if (!path) fail("usage: node scripts/record-op.mjs TEST_FILE");
const file = resolve(path);
const text = readFileSync(file, "utf8");
if (!place.test(text)) fail(`${path} has no \`const recorded: readonly Recorded[] = [];\` to fill`);
const [tests] = await opTests([file]);
if (tests.length !== 1) fail(`${path} calls describeOp ${tests.length} times; once is what is recorded`);
const { asked } = tests[0];

const found = process.env.METAGRAPH_PYTHON_TENSORFLOW
  ? { python: process.env.METAGRAPH_PYTHON_TENSORFLOW }
  : environment("1.15.5");
if (found.missing) fail(found.missing);
const answers = JSON.parse(
  execFileSync(found.python, [fileURLToPath(new URL("record-op.py", import.meta.url))], {
    input: JSON.stringify(asked),
    maxBuffer: 2 ** 28,
    stdio: ["pipe", "pipe", "inherit"],
  }).toString(),
);
const entries = answers.map((answer, i) => JSON.stringify({ of: asked[i].title, ...answer }));
writeFileSync(
  file,
  text.replace(place, (_, head) => `${head}[${entries.join(",\n")}];`),
);
execFileSync("npx", ["biome", "format", "--write", file], { cwd: root, stdio: "ignore" });
console.log(`${path}: ${answers.length} cases`);
