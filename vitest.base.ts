import { defineProject } from "vitest/config";

/** Tests run from the TypeScript sources: the condition `@org/source` in every package's exports. */
export const project = (
  name: string,
  extra: Record<string, unknown> = {},
): ReturnType<typeof defineProject> =>
  defineProject({
    ssr: { resolve: { conditions: ["@org/source", "module", "node", "development|production"] } },
    resolve: { conditions: ["@org/source", "module", "browser", "development|production"] },
    test: { name, environment: "node", include: ["test/**/*.test.ts"], testTimeout: 30_000, ...extra },
  });
