import { base } from "../../tsup.base.ts";

export default base(["src/index.ts", "src/core-ops.ts", "src/op-defs.ts"]);
