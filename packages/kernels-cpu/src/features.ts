// What this engine's WebAssembly can do, found out by validating a few bytes: no flags are set, no versions looked up.
import { TfError } from "@org/errors";
import { createModule } from "./wasm-assembler.ts";
import { i32 } from "./wasm-opcodes.ts";
import { f32x4, v128 } from "./wasm-simd.ts";

let relaxed: boolean | undefined;

const validates = (build: (module: ReturnType<typeof createModule>) => void): boolean => {
  const module = createModule();
  build(module);
  return WebAssembly.validate(module.bytes());
};

/** Whether relaxed SIMD is there, and its multiply-add is fused: it rounds once, which the accuracy of functions counts on. */
export function hasRelaxedSimd(): boolean {
  relaxed ??= isFused();
  return relaxed;
}

/** (1 + 2^-23)^2 - (1 + 2^-22) is 2^-46 where the product is not rounded, else 0. */
function isFused(): boolean {
  const module = createModule();
  module.func("run", [], "f32", (f) => {
    const x = f.local("v128", f32x4.const(1 + 2 ** -23));
    f.return(f32x4.extract_lane(f32x4.relaxed_madd(x, x, f32x4.const(-(1 + 2 ** -22))), 0));
  });
  const bytes = module.bytes();
  if (!WebAssembly.validate(bytes)) return false;
  const memory = new WebAssembly.Memory({ initial: 0 });
  const { run } = new WebAssembly.Instance(new WebAssembly.Module(bytes), { env: { memory } }).exports;
  return (run as () => number)() !== 0;
}

/** Throws TfError UNIMPLEMENTED where there is no WebAssembly, none with SIMD, or it may not be compiled. */
export function requireSimd(): void {
  if (typeof WebAssembly !== "object") {
    throw new TfError(
      "UNIMPLEMENTED",
      "The CPU backend needs WebAssembly, which this JavaScript engine does not have",
      {
        hint: "Run in Node 20.19 or later or a current browser, or use the evaluator or another backend.",
      },
    );
  }
  const simd = validates((module) =>
    module.func(undefined, [], undefined, (f) => f.emit(v128.store(i32.const(0), f32x4.const(1)))),
  );
  if (!simd) {
    throw new TfError(
      "UNIMPLEMENTED",
      "The CPU backend needs WebAssembly SIMD, which this JavaScript engine does not have",
      {
        hint: "Browsers have it since 2021 (Safari 16.4, 2023). Use the evaluator or another backend.",
      },
    );
  }
  try {
    new WebAssembly.Module(createModule().bytes());
  } catch (cause) {
    throw new TfError("UNIMPLEMENTED", "The CPU backend may not compile WebAssembly here", {
      hint: "A page's Content-Security-Policy needs 'wasm-unsafe-eval' in script-src. Use the evaluator or another backend.",
      cause,
    });
  }
}
