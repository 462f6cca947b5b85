// Scalars of the text format: how numbers and strings are printed and read.
// Source: Python's text_format.py, text_encoding.py and type_checkers.py, whose output TensorFlow 1 files have.

/** A double as Python's repr prints it: shortest digits, a point or an exponent always. */
export function pythonRepr(value: number): string {
  if (Number.isNaN(value)) return "nan";
  if (!Number.isFinite(value)) return value > 0 ? "inf" : "-inf";
  if (value === 0) return Object.is(value, -0) ? "-0.0" : "0.0";
  // JS and Python agree on the digits, not on where the exponent begins.
  const [mantissa, exponentText] = value.toExponential().split("e") as [string, string];
  const exponent = Number(exponentText);
  if (exponent >= -4 && exponent < 16) {
    const sign = value < 0 ? "-" : "";
    const digits = mantissa.replace("-", "").replace(".", "");
    if (exponent < 0) return `${sign}0.${"0".repeat(-exponent - 1)}${digits}`;
    const whole = digits.slice(0, exponent + 1).padEnd(exponent + 1, "0");
    return `${sign}${whole}.${digits.slice(exponent + 1) || "0"}`;
  }
  return `${mantissa}e${exponent < 0 ? "-" : "+"}${String(Math.abs(exponent)).padStart(2, "0")}`;
}

/** A float32 in the fewest digits (6 to 9) that read back as itself. */
export function shortestFloat(value: number): string {
  if (!Number.isFinite(value) || value === 0) return pythonRepr(value);
  for (let precision = 6; precision < 9; precision++) {
    const rounded = Number(value.toPrecision(precision));
    if (Math.fround(rounded) === value) return pythonRepr(rounded);
  }
  return pythonRepr(Number(value.toPrecision(9)));
}

const escapes: { readonly [byte: number]: string } = {
  9: "\\t",
  10: "\\n",
  13: "\\r",
  34: '\\"',
  39: "\\'",
  92: "\\\\",
};

/** Bytes as a quoted string; what is not printable ASCII is octal. */
export function quoteBytes(bytes: Uint8Array): string {
  let out = '"';
  for (const byte of bytes) {
    const escaped = escapes[byte];
    if (escaped !== undefined) out += escaped;
    else if (byte >= 32 && byte < 127) out += String.fromCharCode(byte);
    else out += `\\${byte.toString(8).padStart(3, "0")}`;
  }
  return `${out}"`;
}

const simpleEscapes: { readonly [char: string]: number } = {
  a: 7,
  b: 8,
  f: 12,
  n: 10,
  r: 13,
  t: 9,
  v: 11,
  "?": 63,
  "\\": 92,
  "'": 39,
  '"': 34,
};

const encoder = new TextEncoder();

/** The bytes of a quoted string's inside; undefined where an escape is not one. */
export function unquote(inside: string): Uint8Array | undefined {
  if (!inside.includes("\\")) return encoder.encode(inside);
  const out: number[] = [];
  for (let i = 0; i < inside.length; ) {
    const next = inside.indexOf("\\", i);
    for (const byte of encoder.encode(inside.slice(i, next < 0 ? undefined : next))) out.push(byte);
    if (next < 0) break;
    const rest = inside.slice(next + 1, next + 10);
    const numeric =
      /^([0-7]{1,3})/.exec(rest) ??
      /^[xX]([0-9a-fA-F]{1,2})/.exec(rest) ??
      /^u([0-9a-fA-F]{4})/.exec(rest) ??
      /^U([0-9a-fA-F]{8})/.exec(rest);
    const simple = simpleEscapes[rest[0] ?? ""];
    if (numeric !== null) {
      const text = numeric[0];
      const value = Number.parseInt(numeric[1]!, /^[0-7]/.test(text) ? 8 : 16);
      if (/^[uU]/.test(text)) {
        if (value > 0x10ffff) return undefined;
        for (const byte of encoder.encode(String.fromCodePoint(value))) out.push(byte);
      } else out.push(value & 255);
      i = next + 1 + text.length;
    } else if (simple !== undefined) {
      out.push(simple);
      i = next + 2;
    } else return undefined;
  }
  return Uint8Array.from(out);
}

/** A number of text; undefined where it is none. */
export function parseFloatText(text: string): number | undefined {
  const lower = text.toLowerCase();
  const special = /^(-?)(inf|infinity|nan)f?$/.exec(lower);
  if (special) return special[2] === "nan" ? Number.NaN : special[1] ? -Infinity : Infinity;
  if (/^-?0[0-7]+$/.test(lower)) return undefined;
  if (/^-?0x[0-9a-f]+$/.test(lower))
    return Number(BigInt(lower.replace("-", ""))) * (lower[0] === "-" ? -1 : 1);
  return /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?f?$/.test(lower) ? Number(lower.replace(/f$/, "")) : undefined;
}

/** An integer of text, decimal, hexadecimal or octal; undefined where it is none. */
export function parseIntText(text: string): bigint | undefined {
  const match = /^(-?)(0[xX][0-9a-fA-F]+|0[0-7]*|[1-9][0-9]*)$/.exec(text);
  if (match === null) return undefined;
  const digits = match[2]!;
  const value = BigInt(/^0[0-7]/.test(digits) ? `0o${digits.slice(1)}` : digits);
  return match[1] ? -value : value;
}
