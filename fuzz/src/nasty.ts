// Words and numbers at which readers fail.

export const nastyWords: readonly string[] = [
  "__proto__",
  "constructor",
  "prototype",
  "toString",
  "hasOwnProperty",
  "__defineGetter__",
  "valueOf",
  "then",
  "length",
  "../../etc/passwd",
  "..",
  "/",
  "//",
  "file:///etc/passwd",
  "a\0b",
  "^",
  "^^a",
  ":0",
  "a:-1",
  "a:99999999999999999999",
  "a:0:0",
  "loc:@",
  "loc:@__proto__",
  "\ufeff",
  "\ud800",
  "%s%n",
  "_class",
  "_output_shapes",
  "T",
  "dtype",
  "value",
  "variables",
  "while_context",
  "cond_context",
  "savers",
  "queue_runners",
  "type.googleapis.com/tensorflow.MetaGraphDef",
  "type.googleapis.com/__proto__",
  "NoOp",
  "Merge",
  "Enter",
  "NextIteration",
  "Switch",
  "Const",
  "Placeholder",
  "VariableV2",
  "",
];

export const nastyNumbers: readonly bigint[] = [
  0n,
  1n,
  2n,
  127n,
  128n,
  255n,
  256n,
  65535n,
  2n ** 31n - 1n,
  2n ** 31n,
  2n ** 32n - 1n,
  2n ** 32n,
  2n ** 40n,
  2n ** 53n - 1n,
  2n ** 53n,
  2n ** 62n,
  2n ** 63n - 1n,
  2n ** 63n,
  2n ** 64n - 1n,
  2n ** 64n - 2n,
];

/** A number as a varint. */
export function varint(value: bigint): number[] {
  const bytes: number[] = [];
  let rest = value;
  while (rest > 127n) {
    bytes.push(Number(rest & 127n) | 128);
    rest >>= 7n;
  }
  return [...bytes, Number(rest)];
}
