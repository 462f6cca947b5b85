export { type QrOptions, qr, qrOps } from "./qr.ts";
