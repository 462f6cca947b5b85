// Image files, as TensorFlow 1.15.5 reads them (recorded by fixtures/record-codecs.py), and written and read back.
import { readFileSync } from "node:fs";
import { type NdArray, ndArray } from "@org/tensor";
import { describe, expect, it } from "vitest";
import { constant, decodeGif, decodePng, encodePng } from "../src/index.ts";
import { inGraph } from "./in-graph.ts";
import { MiniSession } from "./mini-session.ts";
import { array, type Case, expectCase, runCase, title } from "./recorded-cases.ts";

const cases = JSON.parse(
  readFileSync(new URL("fixtures/image-files.json", import.meta.url), "utf8"),
) as readonly Case[];

/** The largest and the mean distance of two images' values. */
function distances(a: NdArray, b: NdArray): readonly [number, number] {
  const away = Array.from(a.data as Uint8Array, (x, i) => Math.abs(x - (b.data as Uint8Array)[i]!));
  return [Math.max(...away), away.reduce((sum, x) => sum + x, 0) / away.length];
}

/** A GIF of one color, `width` wide: codes 1, 6, 7, 8 ... stand for ever longer rows. */
function redGif(width: number): Uint8Array {
  const codes = [4];
  for (let [left, length, code] = [width, 1, 1]; left > 0; length++) {
    codes.push(code);
    left -= length;
    code = length + 5;
  }
  let [bits, size, next] = ["", 3, 6];
  codes.forEach((code, i) => {
    bits += code.toString(2).padStart(size, "0").split("").reverse().join("");
    if (i > 1) next++;
    if (next === 1 << size) size++;
  });
  const data = (bits.match(/.{1,8}/g) ?? []).map((byte) =>
    Number.parseInt(byte.split("").reverse().join(""), 2),
  );
  const text = (s: string): number[] => Array.from(s, (c) => c.charCodeAt(0));
  const colors = [0, 0, 0, 255, 0, 0, 0, 0, 0, 0, 0, 0];
  const head = [...text("GIF89a"), width, 0, 1, 0, 0x81, 0, 0, ...colors];
  return Uint8Array.from([...head, 0x2c, 0, 0, 0, 0, width, 0, 1, 0, 0, 2, data.length, ...data, 0, 0x3b]);
}

describe("image files", () => {
  it.each([1, 2, 3, 6, 10, 21, 55, 100, 200])("a GIF whose codes stand for rows, %s wide", async (width) => {
    const gif = redGif(width);
    const frames = inGraph(() => decodeGif(constant(ndArray("string", [], [gif]))));
    const found = await new MiniSession(frames.graph).fetch(frames);
    expect(found.shape).toEqual([1, 1, width, 3]);
    expect(Array.from(found.data as Uint8Array)).toEqual(
      Array.from({ length: width }, () => [255, 0, 0]).flat(),
    );
  });

  it("a GIF that ends anywhere is refused", async () => {
    const gif = redGif(10);
    for (let end = 6; end < gif.length; end++) {
      const frames = inGraph(() => decodeGif(constant(ndArray("string", [], [gif.slice(0, end)]))));
      await expect(new MiniSession(frames.graph).fetch(frames)).rejects.toThrow("Invalid GIF data");
    }
  });

  it.each(cases.map((one, i) => [`${i} ${title(one)}`, one] as const))("%s", async (_, one) => {
    if (one.op !== "DecodeJpeg" || !one.outputs) return expectCase(one);
    const [image] = await runCase(one);
    const expected = array(one.outputs[0]!);
    expect(image!.shape).toEqual(expected.shape);
    const [most, mean] = distances(image!, expected);
    // Colors that two pixels share are not smoothed as libjpeg does.
    expect(most).toBeLessThan(24);
    expect(mean).toBeLessThan(4);
  });

  it.each([1, 2, 3, 4])("PNGs of %s channels are written and read back", async (channels) => {
    for (const dtype of ["uint8", "uint16"] as const) {
      const data = Array.from(
        { length: 6 * channels },
        (_, i) => (i * 7919) % (dtype === "uint8" ? 256 : 65536),
      );
      const image = ndArray(
        dtype,
        [2, 3, channels],
        (dtype === "uint8" ? Uint8Array.from(data) : Uint16Array.from(data)) as never,
      );
      const back = inGraph(() => decodePng(encodePng(constant(image)), { dtype }));
      expect(await new MiniSession(back.graph).fetch(back)).toEqual(image);
    }
  });

  it("a PNG that claims to be huge is refused before it is unpacked", async () => {
    const png = Uint8Array.from(cases[0]!.inputs.flat()[0]!.values[0] as string, (c) => c.charCodeAt(0));
    new DataView(png.buffer).setUint32(16, 0x7fffffff);
    const image = inGraph(() => decodePng(constant(ndArray("string", [], [png]))));
    await expect(new MiniSession(image.graph).fetch(image)).rejects.toThrow("PNG size is not valid");
  });
});
