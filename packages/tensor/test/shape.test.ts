import { Shape, shapeFromProto, shapeToProto } from "@org/tensor";
import fc from "fast-check";
import { describe, expect, it } from "vitest";

describe("Shape and TensorShapeProto", () => {
  it("agree", () => {
    const dims = fc.array(fc.option(fc.nat(1000)), { maxLength: 5 });
    fc.assert(
      fc.property(fc.option(dims), (value) => {
        const shape = new Shape(value);
        expect(shapeFromProto(shapeToProto(shape)).equals(shape)).toBe(true);
      }),
    );
  });

  it("print as in C++ messages", () => {
    expect(String(Shape.of([2, null, 3]))).toBe("[2,?,3]");
    expect(String(Shape.unknown)).toBe("<unknown>");
    expect(String(Shape.scalar)).toBe("[]");
  });

  it("merge what both know", () => {
    expect(String(Shape.of([2, null]).mergeWith(Shape.of([null, 3])))).toBe("[2,3]");
    expect(Shape.of([2]).mergeWith(Shape.of([3]))).toBeUndefined();
    expect(Shape.of([2]).isCompatibleWith(Shape.unknown)).toBe(true);
    expect(String(Shape.of([1]).concat(Shape.of([null])))).toBe("[1,?]");
  });

  it("refuse what TensorFlow refuses", () => {
    const refuse = (proto: Parameters<typeof shapeFromProto>[0], message: string) =>
      expect(() => shapeFromProto(proto)).toThrow(
        expect.objectContaining({ code: "INVALID_ARGUMENT", message: expect.stringContaining(message) }),
      );
    refuse({ unknownRank: true, dim: [{ size: 1n }] }, "must not have any dimensions");
    refuse({ dim: Array.from({ length: 255 }, () => ({ size: 1n })) }, "too many dimensions");
    refuse({ dim: [{ size: 2n ** 62n }, { size: 4n }] }, "too large");
  });
});
