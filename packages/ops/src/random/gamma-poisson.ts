// Gamma and Poisson samples as TensorFlow draws them: each output from a place of its own in the stream, 256 steps after the last, in double
// arithmetic. Not the ops: distribution-ops.ts. Algorithms: Marsaglia and Tsang, "A simple method for generating gamma variables" (gamma);
// Knuth's products of uniforms below a rate of 10, Hormann's transformed rejection from there (Poisson).
// Source: core/kernels/{random_op,random_poisson_op}.cc.
import { floatUnary } from "@org/hlo";
import { normalPair, reserveOutputs, toDouble } from "./distributions.ts";
import type { Philox } from "./philox.ts";

const { lgamma } = floatUnary;

/** Generator steps between one output and the next. */
const stepsPerOutput = 256;

/** Numbers in [0, 1) and normal ones: a step makes two of either kind, of which the second comes first. */
class Stream {
  readonly #generator: Philox;
  readonly #words = new Uint32Array(4);
  readonly #uniforms: number[] = [];
  readonly #normals: number[] = [];

  constructor(generator: Philox) {
    this.#generator = generator;
  }

  uniform(): number {
    if (this.#uniforms.length === 0) {
      const w = this.#step();
      this.#uniforms.push(toDouble(w[0]!, w[1]!), toDouble(w[2]!, w[3]!));
    }
    return this.#uniforms.pop()!;
  }

  normal(): number {
    if (this.#normals.length === 0) {
      const w = this.#step();
      this.#normals.push(...normalPair(w[0]!, w[1]!, w[2]!, w[3]!));
    }
    return this.#normals.pop()!;
  }

  #step(): Uint32Array {
    this.#generator.next(this.#words);
    return this.#words;
  }
}

/** One sample from a stream. */
type Sampler = (stream: Stream) => number;

function gammaSampler(alpha: number): Sampler {
  if (alpha === 1) return (stream) => -Math.log(1 - stream.uniform());
  // Below 1: of alpha + 1, times a power of a uniform.
  const isSmall = alpha < 1;
  const d = alpha + (isSmall ? 2 / 3 : -1 / 3);
  const c = 1 / 3 / Math.sqrt(d);
  return (stream) => {
    for (;;) {
      const x = stream.normal();
      const root = 1 + c * x;
      if (root <= 0) continue;
      const v = root * root * root;
      const u = stream.uniform();
      const squeezed = u < 1 - 0.0331 * (x * x) * (x * x);
      if (squeezed || Math.log(u) < 0.5 * x * x + d * (1 - v + Math.log(v)))
        return isSmall ? d * v * stream.uniform() ** (1 / alpha) : d * v;
      // NaN is never below anything: without this a NaN would be drawn for ever.
      if (Number.isNaN(v)) return v;
    }
  };
}

/** How many draws a sample may take: a rate that is infinite, NaN or far above what the type holds would be drawn for ever. */
const drawLimit = 2 ** 16;

function poissonSampler(rate: number, highest: number, refuse: (rate: number) => never): Sampler {
  if (rate < 10) {
    const limit = Math.exp(-rate);
    return (stream) => {
      let product = 1;
      for (let x = 0; ; x++) {
        product *= stream.uniform();
        if (product <= limit) return x;
      }
    };
  }
  const logRate = Math.log(rate);
  const b = 0.931 + 2.53 * Math.sqrt(rate);
  const a = -0.059 + 0.02483 * b;
  const inverseAlpha = 1.1239 + 1.1328 / (b - 3.4);
  return (stream) => {
    for (let draws = 0; draws < drawLimit; draws++) {
      const u = stream.uniform() - 0.5;
      const v = stream.uniform();
      const shifted = 0.5 - Math.abs(u);
      const k = Math.floor(((2 * a) / shifted + b) * u + rate + 0.43);
      if (k > highest) continue;
      if (shifted >= 0.07 && v <= 0.9277 - 3.6224 / (b - 2)) return k;
      if (k < 0 || (shifted < 0.013 && v > shifted)) continue;
      const s = Math.log((v * inverseAlpha) / (a / (shifted * shifted) + b));
      if (s <= -rate + k * logRate - lgamma!(k + 1)) return k;
    }
    return refuse(rate);
  };
}

/** `count` samples of each parameter, as the ops lay them out: [sample, parameter]. */
function sampleEach(
  generator: Philox,
  parameters: readonly number[],
  count: number,
  samplerOf: (parameter: number) => Sampler,
): Float64Array {
  const out = new Float64Array(parameters.length * count);
  const base = reserveOutputs(generator, out.length);
  parameters.forEach((parameter, p) => {
    const sample = samplerOf(parameter);
    for (let i = 0; i < count; i++) {
      const own = base.clone();
      own.skip(stepsPerOutput * (p * count + i));
      out[i * parameters.length + p] = sample(new Stream(own));
    }
  });
  return out;
}

/** Samples of gamma distributions with shapes `alphas` and scale 1: NaN of a NaN. */
export function gammaSamples(generator: Philox, alphas: readonly number[], count: number): Float64Array {
  return sampleEach(generator, alphas, count, gammaSampler);
}

/** Samples of Poisson distributions, none above `highest`. `refuse` is called for a rate that nothing can be drawn for: TensorFlow tries for ever. */
export function poissonSamples(
  generator: Philox,
  rates: readonly number[],
  count: number,
  highest: number,
  refuse: (rate: number) => never,
): Float64Array {
  return sampleEach(generator, rates, count, (rate) => poissonSampler(rate, highest, refuse));
}
