// tf.signal (tf.spectral), in the default graph where no graph is given: one line each, see @org/ops for what they do.
import * as ops from "@org/ops";
import { lift } from "./default-graph.ts";

export const fft: typeof ops.fft = /* @__PURE__ */ lift(ops.fft);
export const fft2d: typeof ops.fft2d = /* @__PURE__ */ lift(ops.fft2d);
export const fft3d: typeof ops.fft3d = /* @__PURE__ */ lift(ops.fft3d);
export const ifft: typeof ops.ifft = /* @__PURE__ */ lift(ops.ifft);
export const ifft2d: typeof ops.ifft2d = /* @__PURE__ */ lift(ops.ifft2d);
export const ifft3d: typeof ops.ifft3d = /* @__PURE__ */ lift(ops.ifft3d);
export const irfft: typeof ops.irfft = /* @__PURE__ */ lift(ops.irfft);
export const irfft2d: typeof ops.irfft2d = /* @__PURE__ */ lift(ops.irfft2d);
export const irfft3d: typeof ops.irfft3d = /* @__PURE__ */ lift(ops.irfft3d);
export const rfft: typeof ops.rfft = /* @__PURE__ */ lift(ops.rfft);
export const rfft2d: typeof ops.rfft2d = /* @__PURE__ */ lift(ops.rfft2d);
export const rfft3d: typeof ops.rfft3d = /* @__PURE__ */ lift(ops.rfft3d);
