import { base } from "../../tsup.base.ts";

export default base(["src/index.ts", "src/testing.ts"]);
