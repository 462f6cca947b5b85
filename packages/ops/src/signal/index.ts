export { fft, fft2d, fft3d, fourierOps, ifft, ifft2d, ifft3d } from "./fourier-ops.ts";
export {
  irfft,
  irfft2d,
  irfft3d,
  type RealFourierBuilder,
  rfft,
  rfft2d,
  rfft3d,
} from "./real-fourier.ts";
