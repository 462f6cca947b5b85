// The test-suite of the Backend contract, for any test framework with describe and it: every opcode against the
// evaluator where `supports` says so, and the contract's own promises. Skips name what is not supported.
import { type NdArray, type NumericData, viewData } from "@org/tensor";
import type { Backend } from "../backend.ts";
import { HloBuilder } from "../builder.ts";
import { evaluate } from "../evaluator/evaluate.ts";
import { fuse } from "../fuse/fuse.ts";
import type { HloComputation, HloInstruction, Opcode } from "../instruction.ts";
import { isFloat } from "../opcodes.ts";
import { backendCases } from "./cases.ts";
import { difference } from "./closeness.ts";
import { randomConvolution } from "./random-convolution.ts";
import { randomArray, randomProgram, seededRandom } from "./random-program.ts";
import { randomRows, rowsCases } from "./random-rows.ts";
import { runPlan } from "./run-plan.ts";

/** What the suite needs of a framework: vitest, node:test, mocha and jest have it. */
export interface TestFramework {
  describe(name: string, body: () => void): unknown;
  it(name: string, body: () => Promise<void>): unknown;
}

/** Fails a test; frameworks take any error for it. */
function fail(what: string): never {
  throw new Error(what);
}

function check(condition: boolean, what: string): void {
  if (!condition) fail(what);
}

const leaves: ReadonlySet<string> = new Set(["parameter", "constant", "getTupleElement", "reshape"]);

/** The first instruction that the backend does not run, as "tanh float16" or "convert float32 of int64"; undefined where it runs all. */
export function unsupported(backend: Backend, { instructions }: HloComputation): string | undefined {
  const runs = ({ opcode, dtype, operands }: HloInstruction): boolean =>
    leaves.has(opcode) || backend.supports(opcode, [dtype, ...operands.map((operand) => operand.dtype)]);
  const found = instructions.find((instruction) => !runs(instruction));
  if (!found) return undefined;
  const operands = found.operands.map(({ dtype }) => dtype);
  const others = operands.every((dtype) => dtype === found.dtype) ? "" : ` of ${operands.join(", ")}`;
  return `${found.opcode} ${found.dtype}${others}`;
}

export interface SuiteOptions {
  /** Told of each case that is passed over, and why. */
  readonly onSkip?: (test: string, reason: string) => void;
  /** How many random programs; 60 unless given. */
  readonly programs?: number;
  /** Whether the backend may take subnormal floats for zero (OPERATIONS.md): no case begins with one, and where one is due, 0 is right. */
  readonly flushesSubnormals?: boolean;
  /**
   * What the backend states of opcodes whose results OPERATIONS.md wants exact, in ulp: { divide: 2.5 } where a device promises no more.
   * A case that has such an instruction of a float type is allowed as much; nothing unless given.
   */
  readonly ulps?: Readonly<Partial<Record<Opcode, number>>>;
}

/** Errors that a computation may have where its case allows `ulps`: as many as its instructions of `stated` opcodes make together. */
function allowed({ instructions }: HloComputation, ulps: number, stated: SuiteOptions["ulps"] = {}): number {
  const sum = instructions
    .filter(({ dtype }) => isFloat(dtype))
    .reduce((total, { opcode }) => total + (stated[opcode] ?? 0), 0);
  return Math.max(ulps, sum);
}

/**
 * Declares the suite. `factory` makes a fresh backend; each is closed. A case whose opcodes the backend does not support is
 * passed over; `onSkip` is told which and why. Tolerances in ulp stand in cases.ts.
 */
export function testBackend(
  framework: TestFramework,
  factory: () => Backend | Promise<Backend>,
  options: SuiteOptions = {},
): void {
  const { describe, it } = framework;
  const withBackend = (name: string, body: (backend: Backend) => Promise<void>): void => {
    it(name, async () => {
      const backend = await factory();
      try {
        await body(backend);
      } finally {
        await backend.close();
      }
    });
  };
  /** Runs fused and unfused, compares with the evaluator, and leaves no buffer behind. */
  const agrees = async (
    backend: Backend,
    name: string,
    computation: HloComputation,
    inputs: readonly NdArray[],
    ulps: number,
  ): Promise<void> => {
    const missing = unsupported(backend, computation);
    if (missing) return options.onSkip?.(name, `${backend.name} does not support ${missing}`);
    const expected = evaluate(computation, inputs);
    const supports: Backend["supports"] = (opcode, dtypes) => backend.supports(opcode, dtypes);
    for (const enabled of [true, false]) {
      const { results, fault } = await runPlan(
        backend,
        computation,
        fuse(computation, {
          enabled,
          supports,
          alsoFuses: backend.alsoFuses,
          maxBuffers: backend.maxBuffers,
        }),
        inputs,
      );
      check(fault === undefined, `a fault: ${JSON.stringify(fault)}`);
      results.forEach((result, i) => {
        const most = allowed(computation, ulps, options.ulps);
        const wrong = difference(result, expected[i]!, most, options.flushesSubnormals);
        if (wrong) fail(`${enabled ? "fused" : "unfused"}, root ${i}: ${wrong}`);
      });
    }
    check(backend.stats().buffers === 0, "buffers are left");
  };

  describe("backend: opcodes", () => {
    for (const { name, computation, inputs, ulps } of backendCases(options.flushesSubnormals))
      withBackend(name, (backend) => agrees(backend, name, computation, inputs, ulps));
  });

  describe("backend: random programs", () => {
    for (let seed = 0; seed < (options.programs ?? 60); seed++)
      withBackend(`program ${seed}`, async (backend) => {
        const { computation, inputs } = randomProgram(seed, 10 + (seed % 20), "float32");
        await agrees(backend, `program ${seed}`, computation, inputs, 512);
      });
    for (let seed = 0; seed < (options.programs ?? 60); seed++)
      withBackend(`convolution ${seed} and what follows it`, async (backend) => {
        const { computation, inputs } = randomConvolution(seed);
        await agrees(backend, `convolution ${seed}`, computation, inputs, 512);
      });
  });

  describe("backend: rows with their reductions", () => {
    for (const { name, make } of rowsCases)
      withBackend(name, async (backend) => {
        for (const dims of [
          [1, 1],
          [3, 10],
          [20, 33],
          [2, 3, 1000],
          [5, 0],
        ]) {
          const computation = make(dims);
          const random = seededRandom(dims.length);
          const inputs = computation.parameters.map((one) => randomArray(one.dtype, one.dims, random));
          await agrees(backend, name, computation, inputs, 512);
        }
      });
    for (let seed = 0; seed < (options.programs ?? 60); seed++)
      withBackend(`rows ${seed}`, async (backend) => {
        const { computation, inputs } = randomRows(seed);
        await agrees(backend, `rows ${seed}`, computation, inputs, 512);
      });
  });

  describe("backend: contract", () => {
    withBackend("keeps buffers by references", async (backend) => {
      const buffer = backend.upload(Float32Array.of(1, 2, 3));
      check(buffer.byteLength === 12, "byteLength");
      backend.retain(buffer);
      backend.release(buffer);
      const back = viewData("float32", await backend.download(buffer)) as Float32Array;
      check(`${[...back]}` === "1,2,3", "what was uploaded comes back");
      check(backend.stats().bytesInUse >= 12, "bytesInUse");
      backend.release(buffer);
      check(backend.stats().buffers === 0 && backend.stats().bytesInUse === 0, "the last release frees");
      let code: unknown;
      try {
        backend.release(buffer);
      } catch (error) {
        code = (error as { code?: unknown }).code;
      }
      check(code === "INTERNAL", `releasing too often throws INTERNAL, not ${code}`);
    });

    withBackend("copies what it uploads and downloads", async (backend) => {
      const data = Float32Array.of(1);
      const buffer = backend.upload(data);
      data[0] = 2;
      const first = await backend.download(buffer);
      first.fill(255);
      const second = viewData("float32", await backend.download(buffer)) as Float32Array;
      check(second[0] === 1, "a copy");
      backend.release(buffer);
    });

    withBackend("holds empty buffers", async (backend) => {
      const buffer = backend.allocate(0);
      check((await backend.download(buffer)).byteLength === 0, "nothing");
      backend.release(buffer);
    });

    withBackend("compiles nothing for another batch size, 1 included", async (backend) => {
      if (unsupported(backend, layer(2))) return options.onSkip?.("polymorphism", "no float32 layer");
      let compiled: number | undefined;
      for (const batch of [8, 100, 2, 1, 33]) {
        const computation = layer(batch);
        const make = seededRandom(batch);
        const inputs = computation.parameters.map(({ dtype, dims }) => randomArray(dtype, dims, make));
        await agrees(backend, `layer ${batch}`, computation, inputs, 256);
        compiled ??= backend.stats().compiled;
        check(
          backend.stats().compiled === compiled,
          `batch ${batch} compiled ${backend.stats().compiled - compiled}`,
        );
      }
    });

    withBackend("overwrites a donated input", async (backend) => {
      const b = new HloBuilder();
      const [x, y] = [b.parameter("float32", [37]), b.parameter("float32", [37])];
      const computation = b.build([b.binary("subtract", x, y)]);
      const [step] = fuse(computation).steps;
      const input = step!.inputs.indexOf(0);
      check(step!.donations[0]!.includes(input), "x may be overwritten");
      const executable = await backend.prepare(step!.fusion, [input]);
      if ("refused" in executable) return options.onSkip?.("donation", executable.refused);
      const [a, c] = [5, 6].map((seed) => randomArray("float32", [37], seededRandom(seed))) as [
        NdArray,
        NdArray,
      ];
      const buffers = [a, c].map(({ data }) => backend.upload(data as NumericData));
      const inputs = step!.inputs.map((value) => buffers[value]!);
      backend.launch(executable, inputs, [buffers[0]!], 0);
      const data = viewData("float32", await backend.download(buffers[0]!)) as Float32Array;
      const wrong = difference({ ...a, data }, evaluate(computation, [a, c])[0]!, 0);
      if (wrong) fail(wrong);
      for (const buffer of buffers) backend.release(buffer);
    });

    withBackend("reports an index out of range once, with its site", async (backend) => {
      const b = new HloBuilder();
      const [x, i] = [b.parameter("float32", [3, 2]), b.parameter("int32", [4])];
      const computation = b.build([b.gather(x, i)]);
      const missing = unsupported(backend, computation);
      if (missing) return options.onSkip?.("faults", `${backend.name} does not support ${missing}`);
      const inputs: NdArray[] = [
        { dtype: "float32", shape: [3, 2], data: Float32Array.of(1, 2, 3, 4, 5, 6) },
        { dtype: "int32", shape: [4], data: Int32Array.of(2, 7, -1, 0) },
      ];
      const { results, fault } = await runPlan(backend, computation, fuse(computation), inputs);
      const wanted = { reason: "indexOutOfRange", value: 7, position: 1, site: 0 } as const;
      for (const key of ["reason", "value", "position", "site"] as const)
        check(fault?.[key] === wanted[key], `fault ${JSON.stringify(fault)}`);
      check(`${results[0]!.data}` === "5,6,0,0,0,0,1,2", `reads 0: ${results[0]!.data}`);
      check(backend.takeFault() === undefined, "a fault is taken once");
    });

    it("fails after close", async () => {
      const backend = await factory();
      await backend.close();
      let code: unknown;
      try {
        backend.allocate(4);
      } catch (error) {
        code = (error as { code?: unknown }).code;
      }
      check(code === "FAILED_PRECONDITION", `FAILED_PRECONDITION, not ${code}`);
    });
  });
}

function layer(batch: number): HloComputation {
  const b = new HloBuilder("layer");
  const x = b.parameter("float32", [batch, 12]);
  const w = b.parameter("float32", [12, 5]);
  const product = b.matmul(x, w);
  const sum = b.binary("add", product, b.broadcastTo(b.parameter("float32", [5]), product.dims));
  const max = b.reshape(b.reduce(sum, "maximum", [1]), [batch, 1]);
  const shifted = b.binary("subtract", sum, b.broadcastTo(max, sum.dims));
  const mean = b.binary("divide", b.reduce(shifted, "add", [0, 1]), b.extent("float32", batch * 5));
  return b.build([shifted, mean, b.matmul(b.transpose(x, [1, 0]), shifted)]);
}
