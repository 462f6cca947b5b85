export { angle, complex, complexPartOps, imag, real } from "./parts.ts";
