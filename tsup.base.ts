import { defineConfig, type Options } from "tsup";

/** What every package builds with; `entry` differs where a package has subpath exports. */
export const base = (entry: Options["entry"] = ["src/index.ts"]): ReturnType<typeof defineConfig> =>
  defineConfig({
    entry,
    format: ["esm"],
    dts: {
      compilerOptions: {
        ignoreDeprecations: "6.0",
        customConditions: [],
        allowImportingTsExtensions: false,
        noEmit: false,
      },
    },
    sourcemap: false,
    clean: true,
    target: "node20",
    platform: "neutral",
    treeshake: false,
    splitting: true,
  });
