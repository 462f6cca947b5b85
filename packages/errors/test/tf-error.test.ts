import { type ErrorCode, errorCodes, isTfError, TfError } from "@org/errors";
import { describe, expect, it } from "vitest";

describe("TfError", () => {
  it("says TensorFlow's sentence, then the node, the file and the hint", () => {
    const error = new TfError("NOT_FOUND", "Key w not found in checkpoint", {
      key: "w",
      file: "/m/model-1",
      node: "save/RestoreV2",
      op: "RestoreV2",
      hint: "The nearest names are w1 and w2.",
    });
    expect(error.message).toBe(
      "Key w not found in checkpoint\n\t [[node save/RestoreV2 (RestoreV2)]]\n\t in /m/model-1\nHint: The nearest names are w1 and w2.",
    );
    expect(error).toMatchObject({
      name: "TfError",
      code: "NOT_FOUND",
      sentence: "Key w not found in checkpoint",
      place: { key: "w", file: "/m/model-1" },
    });
  });

  it("does not repeat a file that the sentence names", () => {
    expect(new TfError("NOT_FOUND", "/a; No such file or directory", { file: "/a" }).message).toBe(
      "/a; No such file or directory",
    );
  });

  it("learns more of the place on its way up, and forgets nothing", () => {
    const cause = new Error("inner");
    const error = new TfError("DATA_LOSS", "Checksum does not match", { offset: 5, cause });
    const placed = error.at({ offset: 9, file: "model.index" }, "Copy the file again.");
    expect(placed.place).toEqual({ offset: 5, file: "model.index" });
    expect(placed.hint).toBe("Copy the file again.");
    expect(placed.at({}, "Another.").hint).toBe("Copy the file again.");
    expect(placed.cause).toBe(cause);
    expect(placed.stack).toContain("model.index");
  });

  it("is known by a brand, so that two copies of the package agree", () => {
    const foreign = Object.assign(new Error("x"), { [Symbol.for("@org/errors.TfError")]: true });
    expect(isTfError(foreign)).toBe(true);
    expect(isTfError(new TfError("INTERNAL", "x"))).toBe(true);
    for (const other of [new Error("x"), null, undefined, "x", {}]) expect(isTfError(other)).toBe(false);
  });
});

describe("errorCodes", () => {
  it("are the canonical ones", () => {
    const codes = Object.keys(errorCodes) as ErrorCode[];
    expect(codes.map((code) => errorCodes[code])).toEqual(Array.from({ length: 16 }, (_, i) => i + 1));
    expect(errorCodes.DATA_LOSS).toBe(15);
  });
});
