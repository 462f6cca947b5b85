// Arithmetic over one shape for update rules: scalars (learning rates and the like) stay scalars among themselves and
// stretch when they meet a variable. Not for broadcasting in general.
import type { BinaryOpcode, HloBuilder, HloInstruction, UnaryOpcode } from "@org/hlo";

type Value = HloInstruction;

/** What an update rule computes with: values of one dtype, of the variable's shape or of rank 0; numbers are constants. */
export class Elementwise {
  readonly #builder: HloBuilder;
  readonly #dtype: Value["dtype"];

  constructor(builder: HloBuilder, dtype: Value["dtype"]) {
    this.#builder = builder;
    this.#dtype = dtype;
  }

  #value(x: Value | number): Value {
    return typeof x === "number" ? this.#builder.scalar(this.#dtype, x) : x;
  }

  #binary(opcode: BinaryOpcode, x: Value | number, y: Value | number): Value {
    const [a, b] = this.#alike(this.#value(x), this.#value(y));
    return this.#builder.binary(opcode, a, b);
  }

  #alike(a: Value, b: Value): [Value, Value] {
    const dims = a.dims.length === 0 ? b.dims : a.dims;
    return [this.#builder.broadcastTo(a, dims), this.#builder.broadcastTo(b, dims)];
  }

  #unary(opcode: UnaryOpcode, x: Value): Value {
    return this.#builder.unary(opcode, x);
  }

  add(x: Value | number, y: Value | number): Value {
    return this.#binary("add", x, y);
  }
  sub(x: Value | number, y: Value | number): Value {
    return this.#binary("subtract", x, y);
  }
  mul(x: Value | number, y: Value | number): Value {
    return this.#binary("multiply", x, y);
  }
  div(x: Value | number, y: Value | number): Value {
    return this.#binary("divide", x, y);
  }
  max(x: Value | number, y: Value | number): Value {
    return this.#binary("maximum", x, y);
  }
  pow(x: Value | number, y: Value | number): Value {
    return this.#binary("power", x, y);
  }
  square(x: Value): Value {
    return this.#binary("multiply", x, x);
  }
  sqrt(x: Value): Value {
    return this.#unary("sqrt", x);
  }
  rsqrt(x: Value): Value {
    return this.#unary("rsqrt", x);
  }
  abs(x: Value): Value {
    return this.#unary("abs", x);
  }
  sign(x: Value): Value {
    return this.#unary("sign", x);
  }
  exp(x: Value): Value {
    return this.#unary("exp", x);
  }
  neg(x: Value): Value {
    return this.#unary("negate", x);
  }
  /** `x` where `a` is greater than `b`, else `y`. */
  whereGreater(a: Value, b: Value | number, x: Value, y: Value | number): Value {
    const [left, right] = this.#alike(a, this.#value(b));
    const otherwise = this.#builder.broadcastTo(this.#value(y), x.dims);
    return this.#builder.select(this.#builder.compare("GT", left, right), x, otherwise);
  }
}
