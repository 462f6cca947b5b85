import { project, softwareVulkan } from "../../vitest.base.ts";

export default project("kernels-gpu", { env: softwareVulkan() });
