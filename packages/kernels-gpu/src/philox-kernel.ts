// rngBitGenerator: Philox 4x32-10 (Salmon et al., SC11), an invocation a block of four words. Words are in TensorFlow's order.
import { sizeOf } from "@org/tensor";
import { andThen } from "./prepared.ts";
import { type ShaderSource, word } from "./shader-source.ts";
import type { SinglePreparer } from "./single-kernel.ts";
import { WgslFunctions } from "./wgsl-functions.ts";

const workgroup = 64;

const source = (): ShaderSource => ({
  inputs: ["u32", "u32"],
  outputs: ["u32"],
  words: 1,
  workgroup,
  functions: new WgslFunctions(),
  declarations: [
    // The upper and lower half of a product, from products of 16 bits.
    `fn wide_multiply(a: u32, b: u32) -> vec2<u32> {
  let a_low = a & 0xffffu;
  let a_high = a >> 16u;
  let b_low = b & 0xffffu;
  let b_high = b >> 16u;
  let middle = a_high * b_low + ((a_low * b_low) >> 16u);
  let cross = a_low * b_high + (middle & 0xffffu);
  return vec2<u32>(a_high * b_high + (middle >> 16u) + (cross >> 16u), a * b);
}`,
    `fn philox(key: vec2<u32>, counter: vec4<u32>) -> vec4<u32> {
  var k = key;
  var c = counter;
  for (var round = 0u; round < 10u; round++) {
    let first = wide_multiply(0xd2511f53u, c.x);
    let second = wide_multiply(0xcd9e8d57u, c.z);
    c = vec4<u32>(second.x ^ c.y ^ k.x, second.y, first.x ^ c.w ^ k.y, first.y);
    k += vec2<u32>(0x9e3779b9u, 0xbb67ae85u);
  }
  return c;
}`,
    // counter + n, 128 bits wide.
    `fn advanced(counter: vec4<u32>, n: u32) -> vec4<u32> {
  var c = counter;
  c.x += n;
  if (c.x < n) {
    c.y++;
    if (c.y == 0u) {
      c.z++;
      if (c.z == 0u) { c.w++; }
    }
  }
  return c;
}`,
  ],
  body: [
    `let elements = ${word(0)};`,
    `let block = group * ${workgroup}u + local;`,
    "if (block * 4u < elements) {",
    "  let counter = vec4<u32>(in1[0], in1[1], in1[2], in1[3]);",
    "  let words = philox(vec2<u32>(in0[0], in0[1]), advanced(counter, block));",
    "  for (var i = 0u; i < 4u; i++) {",
    "    let at = block * 4u + i;",
    "    if (at < elements) { out0[at] = words[i]; }",
    "  }",
    "}",
  ],
});

/** Operands: key uint32 [2], counter uint32 [4]. */
export const preparePhilox: SinglePreparer = ({ pipelines, recorder }, { dims }) => {
  const elements = sizeOf(dims);
  const words = Uint32Array.of(elements);
  const workgroups = Math.ceil(elements / 4 / workgroup);
  return andThen(pipelines.get("philox", source), (kernel) => ({
    run: ([key, counter], [output], site) =>
      recorder.dispatch({ kernel, buffers: [key!, counter!, output!], words, workgroups, site }),
  }));
};
