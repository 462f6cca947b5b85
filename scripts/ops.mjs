// Writes OPS.md from the registry: what each op runs as, on which backends with which types, its gradient, the functions that build it.
// With --check, fails where it is stale. What a lowering needs is seen by lowering recorded cases (packages/ops/test/fixtures, packages/tf/test/ops) with other types.
import { readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { build } from "esbuild";
import "../packages/ops/scripts/generate.mjs";
import "../packages/tf/scripts/generate.mjs";
import { opTestFiles, opTests } from "./op-tests.mjs";

const root = fileURLToPath(new URL("..", import.meta.url));
const bundle = join(root, "node_modules", `.ops-${process.pid}.mjs`);
await build({
  stdin: {
    contents: `export * as ops from "@org/ops"; export { Graph } from "@org/graph"; export { HloBuilder } from "@org/hlo";
      export { allocateData, dtypeFromProto, dtypes, ndArray, sizeOf } from "@org/tensor";
      export { supports as cpu } from "../kernels-cpu/src/supports.ts"; export { supports as gpu } from "../kernels-gpu/src/supports.ts";`,
    resolveDir: join(root, "packages", "tf"),
  },
  outfile: bundle,
  bundle: true,
  platform: "node",
  format: "esm",
  conditions: ["@org/source"],
  external: ["re2js", "fast-png", "jpeg-js"],
  banner: {
    js: 'import { createRequire as metagraphRequire } from "node:module"; const require = metagraphRequire(import.meta.url);',
  },
  logLevel: "error",
});
const { ops, Graph, HloBuilder, allocateData, dtypeFromProto, dtypes, ndArray, sizeOf, cpu, gpu } =
  await import(pathToFileURL(bundle).href);
rmSync(bundle);

const short = {
  float32: "f32",
  float64: "f64",
  float16: "f16",
  bfloat16: "bf16",
  int8: "i8",
  int16: "i16",
  int32: "i32",
  int64: "i64",
  uint8: "u8",
  uint16: "u16",
  uint32: "u32",
  uint64: "u64",
  bool: "bool",
};
const hloTypes = Object.keys(short);

/** Recorded cases by op. */
const fixtures = join(root, "packages/ops/test/fixtures");
const cases = new Map();
for (const file of readdirSync(fixtures)
  .filter((name) => name.endsWith(".json"))
  .sort()) {
  for (const one of JSON.parse(readFileSync(join(fixtures, file), "utf8"))) {
    if (one.outputs && one.inputs) cases.set(one.op, [...(cases.get(one.op) ?? []), one]);
  }
}
for (const { asked, recorded } of (await opTests(opTestFiles())).flat())
  for (const [i, one] of asked.entries())
    if (recorded?.[i]?.outputs) cases.set(one.op, [...(cases.get(one.op) ?? []), one]);

/** Numbers of a recorded input as another type. */
function arrayOf({ shape, values }, dtype) {
  const data = allocateData(dtype, sizeOf(shape));
  const big = data instanceof BigInt64Array || data instanceof BigUint64Array;
  for (let i = 0; i < data.length; i++) {
    const value = Number(values[i]);
    const whole = dtypes[dtype].kind === "float" || !Number.isFinite(value) ? value || 0 : Math.trunc(value);
    data[i] = big ? BigInt(whole) : whole;
  }
  return ndArray(dtype, shape, data);
}

/** The instructions that one case lowers to, with type attribute `attr` as `dtype`; undefined where that cannot be. */
function instructions(entry, one, attr, dtype) {
  const args = (entry.opDef.inputArg ?? []).flatMap((arg, i) =>
    [one.inputs[i]].flat().map((input) => [arg, input]),
  );
  if (args.some(([, input]) => !input || !hloTypes.includes(input.dtype))) return undefined;
  const inputs = args.map(([arg, input]) =>
    arrayOf(input, arg.typeAttr === attr && attr ? dtype : input.dtype),
  );
  try {
    const graph = new Graph({ ops: ops.standardOps });
    return graph.asDefault(() => {
      const constants = inputs.map((value) => ops.constantOf(graph, value));
      let next = 0;
      const grouped = (entry.opDef.inputArg ?? []).map((_, i) =>
        Array.isArray(one.inputs[i]) ? one.inputs[i].map(() => constants[next++]) : constants[next++],
      );
      const attrs = Object.fromEntries(Object.entries(one.attrs).filter(([key]) => key !== attr));
      const op = graph.createOp(one.op, grouped, { attrs });
      if (op.outputs.some((output) => !hloTypes.includes(output.dtype))) return undefined;
      const builder = new HloBuilder(one.op);
      const parameters = inputs.map((value) => builder.parameter(value.dtype, value.shape));
      const made = entry.lower({
        node: one.op,
        attrs: op.attrs,
        builder,
        inputCount: inputs.length,
        input: (i) => parameters[i],
        hostInput: (i) => inputs[i],
        inputDType: (i) => inputs[i].dtype,
        outputDType: (i) => op.outputs[i].dtype,
        outputShape: (i) => op.outputs[i].shape,
        fail: (_, sentence) => {
          throw new Error(sentence);
        },
      });
      const roots = "opcode" in made ? [made] : Array.isArray(made) ? made : (made.outputs ?? []);
      return builder
        .build(roots)
        .instructions.filter(({ opcode }) => opcode !== "parameter" && opcode !== "constant");
    });
  } catch {
    return undefined;
  }
}

/** The types that the op's first input may have. */
function allowed({ opDef }) {
  const arg = (opDef.inputArg ?? [])[0];
  const attr = (opDef.attr ?? []).find(({ name }) => name === arg?.typeAttr);
  const list = attr?.allowedValues?.list?.type;
  const types = list ? list.map((number) => dtypeFromProto(number)?.dtype) : hloTypes;
  return { attr: attr?.name ?? "", types: hloTypes.filter((dtype) => types.includes(dtype)) };
}

/** By backend, the types with which every recorded case runs there; undefined where none could be lowered. */
function backends(entry) {
  const samples = cases.get(entry.opDef.name) ?? [];
  const { attr, types } = allowed(entry);
  const tried = attr ? types : [samples[0]?.inputs.flat()[0]?.dtype ?? "float32"];
  const found = { evaluator: [], cpu: [], gpu: [] };
  for (const dtype of tried) {
    const lowered = samples
      .map((one) => instructions(entry, one, attr, dtype))
      .filter((list) => list !== undefined);
    if (lowered.length === 0) continue;
    found.evaluator.push(dtype);
    const takes = (supports) =>
      lowered.every((list) =>
        list.every((one) =>
          supports(one.opcode, [one.dtype, ...one.operands.map((operand) => operand.dtype)]),
        ),
      );
    if (takes(cpu)) found.cpu.push(dtype);
    if (takes(gpu)) found.gpu.push(dtype);
  }
  return found.evaluator.length === 0 ? undefined : found;
}

/** Exported functions by the op types that stand in their source. */
function buildersByOp() {
  const builders = new Map();
  const names = new Set(ops.standardOps.names());
  const walk = (folder) => {
    for (const entry of readdirSync(folder, { withFileTypes: true }).sort((a, b) =>
      a.name < b.name ? -1 : 1,
    )) {
      const path = join(folder, entry.name);
      if (entry.isDirectory()) walk(path);
      else if (entry.name.endsWith(".ts")) {
        const parts = readFileSync(path, "utf8").split(/^(?=export |const |function |class |\/\*\* )/m);
        for (const part of parts) {
          const name = /^export (?:const|function) (\w+)/.exec(part)?.[1];
          if (!name || !["function", "object"].includes(typeof ops[name]) || Array.isArray(ops[name]))
            continue;
          for (const [, type] of part.matchAll(/["'`](\w+)["'`]/g))
            if (names.has(type)) builders.set(type, new Set([...(builders.get(type) ?? []), name]));
        }
      }
    }
  };
  walk(join(root, "packages/ops/src"));
  return builders;
}

const builders = buildersByOp();
const plain = (text) => text.toLowerCase().replace(/v\d$/, "");
function builderOf(type) {
  const found = [...(builders.get(type) ?? [])];
  const own = found.filter((name) => plain(name) === plain(type));
  return (own.length > 0 ? own : found).slice(0, 2).join(", ") || "–";
}

const listed = (types, all) =>
  types.length === 0 ? "–" : types.length === all.length ? "all" : types.map((t) => short[t]).join(" ");
const gradient = ({ gradient: g }) => (g === undefined ? "–" : g === null ? "stops" : "yes");
const kinds = { kernel: 0, host: 0, shape: 0, executor: 0 };
const rows = ops.standardOps.names().map((name) => {
  const entry = ops.standardOps.get(name);
  const kind = entry.lower ? "kernel" : entry.host ? "host" : entry.fromShapes ? "shape" : "executor";
  kinds[kind]++;
  const found = entry.lower ? backends(entry) : undefined;
  const types = found
    ? [
        listed(found.evaluator, hloTypes),
        listed(found.cpu, found.evaluator),
        listed(found.gpu, found.evaluator),
      ]
    : ["", "", ""];
  const also = entry.lower && entry.host ? "kernel, host" : kind;
  return `| ${name} | ${also} | ${types.join(" | ")} | ${gradient(entry)} | ${builderOf(name)} |`;
});
const text = `# Ops

Written by \`node scripts/ops.mjs\` from the registry; CI compares it. ${rows.length} ops: ${kinds.kernel} kernels, ${kinds.host} on the host, ${kinds.shape} told from shapes, ${kinds.executor} of the executor.

* **runs as**: *kernel*: lowered to hlo, runs on any backend that takes its instructions; *host*: TypeScript (with *kernel*: strings, complex numbers); *shape*: told from shapes while
  planning; *executor*: control flow, variables, handles, and what is built but has no kernel.
* **types** (of the first input): those with which the op's recorded cases lower, hence run on the evaluator; **CPU**, **GPU**: those that WebAssembly and WebGPU take as a whole
  (*all*: as the evaluator), the rest is placed instruction by instruction on the next backend. Empty: no case was recorded that is lowered by itself.
* **gradient**: *stops*: not differentiable, as in TensorFlow; –: none is defined, asking for one is an error.
* **built by**: functions of \`@org/ops\` (and \`tf\`) in whose source it stands.

| op | runs as | types | CPU | GPU | gradient | built by |
|---|---|---|---|---|---|---|
${rows.join("\n")}
`;

const file = join(root, "OPS.md");
if (process.argv.includes("--check")) {
  let old = "";
  try {
    old = readFileSync(file, "utf8");
  } catch {}
  if (old !== text) {
    console.error("OPS.md is stale: node scripts/ops.mjs");
    process.exit(1);
  }
  console.log(`OPS.md: ${rows.length} ops, up to date`);
} else {
  writeFileSync(file, text);
  console.log(`OPS.md: ${rows.length} ops`);
}
