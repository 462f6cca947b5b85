// Runs an example of a package's README, a ```ts block, as a module; a test looks at what it exports.
import { readFile, rm, writeFile } from "node:fs/promises";

/** `test` is the import.meta.url of packages/X/test/readme.test.ts; `index` counts the blocks from 0. */
export async function runReadme(test: string, index = 0): Promise<Record<string, unknown>> {
  const readme = await readFile(new URL("../README.md", test), "utf8");
  const code = [...readme.matchAll(/```ts\n([\s\S]*?)```/g)][index]?.[1];
  if (code === undefined)
    throw new Error(`${new URL("../README.md", test).pathname} has no ts example ${index}`);
  const file = new URL(`./readme-example-${process.pid}-${index}.ts`, test);
  await writeFile(file, code);
  try {
    return (await import(/* @vite-ignore */ file.pathname)) as Record<string, unknown>;
  } finally {
    await rm(file);
  }
}
