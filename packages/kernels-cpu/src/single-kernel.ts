import type { Preparer } from "./prepared.ts";
export const prepareSingle: Preparer = () => ({ refused: "not yet" });
