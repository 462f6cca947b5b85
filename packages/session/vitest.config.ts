import { project, softwareVulkan } from "../../vitest.base.ts";

export default project("session", {
  env: softwareVulkan(),
  // A driver in software compiles shaders slowly.
  testTimeout: 120_000,
});
