// Which kernels threads may share: those that call no function of the host.
import { loopNest, makeFusion } from "@org/hlo";
import { expect, it } from "vitest";
import { createConstantPool } from "../src/constants.ts";
import { nestSource } from "../src/kernel-source.ts";
import { build } from "./compare.ts";

const memory = new Uint8Array(65536);
const target = {
  relaxed: false,
  constants: createConstantPool(16384, 65536, () => memory),
  faultAddress: 512,
};

const needsHost = (
  opcode: "exp" | "tanh" | "log" | "logistic" | "atan" | "lgamma",
  dtype: "float32" | "float64",
) =>
  nestSource(
    loopNest(
      makeFusion(
        "loop",
        build("one", (b) => [b.unary(opcode, b.parameter(dtype, [1000]))]),
      ),
    ),
    target,
  ).needsHost;

it("functions that vectors have need no host", () => {
  for (const opcode of ["exp", "tanh", "log", "logistic"] as const) {
    expect(needsHost(opcode, "float32"), opcode).toBe(false);
    expect(needsHost(opcode, "float64"), opcode).toBe(true);
  }
  for (const opcode of ["atan", "lgamma"] as const) expect(needsHost(opcode, "float32"), opcode).toBe(true);
});
