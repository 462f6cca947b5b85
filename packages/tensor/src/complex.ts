// The form in which callers write and read complex numbers.

/** A complex number as a caller may write it. */
export interface Complex {
  readonly re: number;
  readonly im: number;
}
