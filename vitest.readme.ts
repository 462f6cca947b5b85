// Runs the example of a package's README, the first ```ts block, as a module; a test looks at what it exports.
import { readFile, rm, writeFile } from "node:fs/promises";

/** `test` is the import.meta.url of packages/X/test/readme.test.ts. */
export async function runReadme(test: string): Promise<Record<string, unknown>> {
  const readme = await readFile(new URL("../README.md", test), "utf8");
  const code = /```ts\n([\s\S]*?)```/.exec(readme)?.[1];
  if (code === undefined) throw new Error(`${new URL("../README.md", test).pathname} has no ts example`);
  const file = new URL(`./readme-example-${process.pid}.ts`, test);
  await writeFile(file, code);
  try {
    return (await import(/* @vite-ignore */ file.pathname)) as Record<string, unknown>;
  } finally {
    await rm(file);
  }
}
