import { defineConfig, type Options } from "tsup";
import ts from "typescript";

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

/**
 * The same with a declaration file a source file instead of one rolled together: rolling drops values of `export * as` namespaces
 * where a type has the same name.
 */
export const withSeparateDeclarations = (): ReturnType<typeof defineConfig> =>
  defineConfig({
    ...base(),
    dts: false,
    async onSuccess() {
      const { config } = ts.readConfigFile("../../tsconfig.base.json", ts.sys.readFile);
      const { options } = ts.convertCompilerOptionsFromJson(config.compilerOptions, ".");
      const program = ts.createProgram(["src/index.ts"], {
        ...options,
        customConditions: [],
        noEmit: false,
        emitDeclarationOnly: true,
        rootDir: "src",
        outDir: "dist",
      });
      const errors = ts.getPreEmitDiagnostics(program);
      if (errors.length > 0)
        throw new Error(
          ts.formatDiagnostics(errors, {
            getCanonicalFileName: (name) => name,
            getCurrentDirectory: ts.sys.getCurrentDirectory,
            getNewLine: () => "\n",
          }),
        );
      program.emit(undefined, (file, text) =>
        ts.sys.writeFile(file, text.replace(/(from|import\()(\s*"\.[^"]*)\.ts"/g, '$1$2.js"')),
      );
    },
  });
