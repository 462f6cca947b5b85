import { withSeparateDeclarations } from "../../tsup.base.ts";

export default withSeparateDeclarations();
