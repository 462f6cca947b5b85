import { project, softwareVulkan } from "../../vitest.base.ts";

export default project("tf", { env: softwareVulkan(), setupFiles: ["test/fresh-graph.ts"] });
