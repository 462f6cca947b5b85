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

/** Whether relaxed SIMD (fused multiply-add) is there. */
export function hasRelaxedSimd(): boolean {
  relaxed ??= validates((module) =>
    module.func(undefined, [], undefined, (f) => {
      const x = f32x4.const(1);
      f.emit(v128.store(i32.const(0), f32x4.relaxed_madd(x, x, x)));
    }),
  );
  return relaxed;
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
