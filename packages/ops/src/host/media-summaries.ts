// Summaries of sound and of tensors as they are. Source: tensorflow/core/kernels/{summary_audio_op,summary_tensor_op}.cc,
// core/lib/wav/wav_io.cc.
//
// A clip is a WAV file of 16-bit samples, all numbers little-endian:
//   "RIFF" size:u32 "WAVE" "fmt " 16:u32 1:u16 channels:u16 rate:u32 bytes-a-second:u32 bytes-a-frame:u16 16:u16 "data" size:u32 samples
import { decode, encode, Summary, SummaryMetadata } from "@org/proto";
import { type NdArray, tensorToProto } from "@org/tensor";
import { defineOps, type OpSpec } from "../define.ts";
import type { HostContext, OpEntry } from "../op-entry.ts";
import { scalarShape } from "../shape-rules.ts";
import { stringArray, stringsOf } from "./text.ts";

const headerBytes = 44;
const utf8 = new TextEncoder();

/** A WAV file of `samples` (frames x channels, from -1 to 1), rounded and clamped to 16 bits. */
export function encodeWav(
  samples: ArrayLike<number>,
  sampleRate: number,
  channels: number,
): Uint8Array<ArrayBuffer> {
  const dataBytes = samples.length * 2;
  const bytes = new Uint8Array(headerBytes + dataBytes);
  const view = new DataView(bytes.buffer);
  const text = (at: number, word: string): void => bytes.set(utf8.encode(word), at);
  text(0, "RIFF");
  view.setUint32(4, headerBytes - 8 + dataBytes, true);
  text(8, "WAVEfmt ");
  view.setUint32(16, 16, true);
  view.setUint16(20, 1, true);
  view.setUint16(22, channels, true);
  view.setUint32(24, sampleRate, true);
  view.setUint32(28, sampleRate * channels * 2, true);
  view.setUint16(32, channels * 2, true);
  view.setUint16(34, 16, true);
  text(36, "data");
  view.setUint32(40, dataBytes, true);
  for (let i = 0; i < samples.length; i++) {
    const scaled = Math.fround(samples[i]! * 32768);
    const rounded = Math.sign(scaled) * Math.round(Math.abs(scaled));
    view.setInt16(headerBytes + 2 * i, Math.min(Math.max(rounded, -32768), 32767), true);
  }
  return bytes;
}

function tagOf(c: HostContext, sentence: string): string {
  const tag = c.input(0);
  if (tag.shape.length !== 0) c.fail("INVALID_ARGUMENT", sentence);
  return stringsOf(tag)[0]!;
}

function audio(c: HostContext, rateOf: () => number): NdArray {
  const clips = c.input(1);
  const tag = tagOf(c, "Tag must be a scalar");
  const { shape } = clips;
  if (shape.length < 2 || shape.length > 3)
    c.fail("INVALID_ARGUMENT", `Tensor must be 3-D or 2-D, got: [${shape}]`);
  const [batch, frames, channels = 1] = shape as [number, number, number?];
  const rate = rateOf();
  if (!(rate > 0)) c.fail("INVALID_ARGUMENT", `sample_rate must be > 0`);
  const limit = c.attrs.int("max_outputs");
  const each = frames * channels;
  const value = Array.from({ length: Math.min(limit, batch) }, (_, i) => ({
    tag: limit > 1 ? `${tag}/audio/${i}` : `${tag}/audio`,
    audio: {
      sampleRate: rate,
      numChannels: BigInt(channels),
      lengthFrames: BigInt(frames),
      contentType: "audio/wav",
      encodedAudioString: encodeWav(
        (clips.data as Float32Array).subarray(i * each, (i + 1) * each),
        Math.round(rate),
        channels,
      ),
    },
  }));
  return stringArray([], [encode(Summary, { value })]);
}

const audioSummary = (rateOf: (c: HostContext) => number): OpSpec => ({
  shape: scalarShape,
  gradient: null,
  host: (c) => [audio(c, () => rateOf(c))],
});

/** As content; strings, which have none, as typed values. */
const asProto = (value: NdArray): ReturnType<typeof tensorToProto> =>
  tensorToProto(value, { encoding: "content" });

/** AudioSummary, AudioSummaryV2, TensorSummary, TensorSummaryV2. */
export const mediaSummaryOps: readonly OpEntry[] = defineOps({
  AudioSummary: audioSummary((c) => c.attrs.float("sample_rate")),
  AudioSummaryV2: audioSummary((c) => {
    const rate = c.input(2);
    if (rate.shape.length !== 0) c.fail("INVALID_ARGUMENT", "sample_rate must be a scalar");
    return (rate.data as Float32Array)[0]!;
  }),
  TensorSummary: {
    shape: scalarShape,
    gradient: null,
    host: (c) => {
      const value = [{ nodeName: c.node, tensor: asProto(c.input(0)) }];
      return [stringArray([], [encode(Summary, { value })])];
    },
  },
  TensorSummaryV2: {
    shape: scalarShape,
    gradient: null,
    host: (c) => {
      const tag = tagOf(c, "tag must be scalar");
      const serialized = c.input(2);
      if (serialized.shape.length !== 0)
        c.fail("INVALID_ARGUMENT", "serialized_summary_metadata must be scalar");
      const metadata = decode(SummaryMetadata, (serialized.data as Uint8Array[])[0]!);
      const value = [{ tag, tensor: asProto(c.input(1)), metadata }];
      return [stringArray([], [encode(Summary, { value })])];
    },
  },
});
