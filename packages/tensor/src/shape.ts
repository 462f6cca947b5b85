// Static shapes: TensorFlow's TensorShape. A dimension that is not known is `null`; so are the dims of
// a shape whose rank is not known. Source: python/framework/tensor_shape.py.

/** Dimensions; `null` for one that is not known. */
export type Dims = readonly (number | null)[];

/** A possibly partial shape: immutable. `Shape.unknown` has no known rank, `Shape.scalar` is []. */
export class Shape {
  static readonly unknown: Shape = new Shape(null);
  static readonly scalar: Shape = new Shape([]);
  /** null where the rank is not known. */
  readonly dims: Dims | null;

  constructor(dims: Dims | null) {
    if (dims)
      for (const dim of dims)
        if (dim !== null && (!Number.isSafeInteger(dim) || dim < 0))
          throw new TypeError(`Dimension ${dim} must be >= 0`);
    this.dims = dims;
  }

  /** From what a caller writes: a Shape, dims (-1 and null are unknown), or null/undefined for unknown rank. */
  static of(dims: Shape | readonly (number | null)[] | null | undefined): Shape {
    if (dims instanceof Shape) return dims;
    if (dims === null || dims === undefined) return Shape.unknown;
    return new Shape(dims.map((dim) => (dim === -1 ? null : dim)));
  }

  /** A shape of `rank` unknown dimensions. */
  static ofRank(rank: number): Shape {
    return new Shape(new Array<null>(rank).fill(null));
  }

  get rank(): number | null {
    return this.dims?.length ?? null;
  }

  /** Whether every dimension is known. */
  isFullyDefined(): boolean {
    return this.dims?.every((dim) => dim !== null) ?? false;
  }

  /** Elements, or null where not fully defined. */
  numElements(): number | null {
    return this.isFullyDefined() ? this.dims!.reduce<number>((product, dim) => product * dim!, 1) : null;
  }

  /** The dims as numbers. Throws a TypeError where the shape is not fully defined. */
  toNumbers(): number[] {
    if (!this.isFullyDefined()) throw new TypeError(`Shape ${this} is not fully defined`);
    return [...(this.dims as readonly number[])];
  }

  /** Dimension `index` (negative from the end), or null where it or the rank is not known. */
  dim(index: number): number | null {
    return this.dims?.at(index) ?? null;
  }

  isCompatibleWith(other: Shape): boolean {
    if (!this.dims || !other.dims) return true;
    return (
      this.dims.length === other.dims.length &&
      this.dims.every((dim, i) => dim === null || other.dims![i] === null || dim === other.dims![i])
    );
  }

  /** What both know together; undefined where they disagree. */
  mergeWith(other: Shape): Shape | undefined {
    if (!this.isCompatibleWith(other)) return undefined;
    if (!this.dims) return other;
    if (!other.dims) return this;
    return new Shape(this.dims.map((dim, i) => dim ?? other.dims![i]!));
  }

  concat(other: Shape): Shape {
    return this.dims && other.dims ? new Shape([...this.dims, ...other.dims]) : Shape.unknown;
  }

  /** Equal as knowledge: unknown equals unknown. */
  equals(other: Shape): boolean {
    if (!this.dims || !other.dims) return this.dims === other.dims;
    return this.dims.length === other.dims.length && this.dims.every((dim, i) => dim === other.dims![i]);
  }

  /** "(2, ?)", "(5,)" or "<unknown>", as Python's messages print it. */
  toTuple(): string {
    if (!this.dims) return "<unknown>";
    const dims = this.dims.map((dim) => dim ?? "?");
    return dims.length === 1 ? `(${dims[0]},)` : `(${dims.join(", ")})`;
  }

  /** "[2,?]" or "<unknown>", as C++ messages print it. */
  toString(): string {
    return this.dims ? `[${this.dims.map((dim) => dim ?? "?").join(",")}]` : "<unknown>";
  }
}
