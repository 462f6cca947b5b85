export { preventGradient } from "./constant.ts";
