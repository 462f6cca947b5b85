// Image summaries against those of TensorFlow 1.15.5 (recorded by fixtures/record-image-summary.py): the same pixels, in files of our own.
import { readFileSync } from "node:fs";
import { Graph } from "@org/graph";
import { decode, Summary } from "@org/proto";
import { decode as decodePng } from "fast-png";
import { describe, expect, it } from "vitest";
import { constant, standardOps, summary } from "../src/index.ts";
import { MiniSession } from "./mini-session.ts";
import { array, type Plain } from "./recorded-cases.ts";

interface Recorded extends Plain {
  readonly max_images: number;
  readonly error?: string;
  readonly shown?: readonly {
    readonly tag: string;
    readonly height: number;
    readonly width: number;
    readonly colorspace: number;
    readonly pixels: readonly number[];
  }[];
}

const cases = JSON.parse(
  readFileSync(new URL("fixtures/image-summary.json", import.meta.url), "utf8"),
) as readonly Recorded[];

async function shown(one: Recorded) {
  const graph = new Graph({ ops: standardOps });
  const made = graph.asDefault(() =>
    summary.image("shown", constant(array(one)), { maxOutputs: one.max_images }),
  );
  const [bytes] = (await new MiniSession(graph).fetch(made)).data as Uint8Array[];
  return decode(Summary, bytes!).value!.map(({ tag, image }) => {
    const { height, width, colorspace, encodedImageString } = image!;
    return { tag, height, width, colorspace, pixels: [...decodePng(encodedImageString!).data] };
  });
}

describe("image summaries", () => {
  it.each(cases.map((one, i) => [i, one.dtype, `${one.shape}`, one] as const))(
    "%i: %s [%s]",
    async (_, __, ___, one) => {
      if (one.error) await expect(shown(one)).rejects.toThrow(one.error);
      else expect(await shown(one)).toEqual(one.shown);
    },
  );
});
