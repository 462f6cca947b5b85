// C's number formats %f, %e and %g, and how TensorFlow prints numbers in messages (StrCat). Numbers as text only.

/** "%.{precision}g". */
export function formatShortest(x: number, precision = 6): string {
  if (!Number.isFinite(x)) return nonFinite(x);
  if (x === 0) return Object.is(x, -0) ? "-0" : "0";
  const digits = Math.max(1, precision);
  const exponent = Number(x.toExponential(digits - 1).split("e")[1]);
  if (exponent < -4 || exponent >= digits) {
    const [mantissa] = x.toExponential(digits - 1).split("e") as [string];
    return `${trimZeros(mantissa)}e${exponentText(exponent)}`;
  }
  return trimZeros(x.toFixed(Math.max(0, digits - 1 - exponent)));
}

/** "%.{precision}e". */
export function formatScientific(x: number, precision = 6): string {
  if (!Number.isFinite(x)) return nonFinite(x);
  const [mantissa, exponent] = x.toExponential(precision).split("e") as [string, string];
  return `${signed(x, mantissa)}e${exponentText(Number(exponent))}`;
}

/** "%.{precision}f". */
export function formatFixed(x: number, precision = 6): string {
  if (!Number.isFinite(x)) return nonFinite(x);
  // toFixed gives up at 1e21; such numbers are integers, and BigInt knows all of their digits.
  if (Math.abs(x) >= 1e21) return `${BigInt(x)}${precision > 0 ? `.${"0".repeat(precision)}` : ""}`;
  return signed(x, x.toFixed(precision));
}

/** A number as StrCat prints it: 6 digits for float, 15 for double, or as many as give it back. */
export function formatNumber(x: number, type: "float" | "double"): string {
  if (!Number.isFinite(x)) return nonFinite(x);
  const short = formatShortest(x, type === "float" ? 6 : 15);
  const back = type === "float" ? Math.fround(Number(short)) : Number(short);
  return back === x ? short : formatShortest(x, type === "float" ? 9 : 17);
}

function nonFinite(x: number): string {
  return Number.isNaN(x) ? "nan" : x > 0 ? "inf" : "-inf";
}

function signed(x: number, text: string): string {
  return Object.is(x, -0) ? `-${text}` : text;
}

function trimZeros(text: string): string {
  return text.includes(".") ? text.replace(/\.?0+$/, "") : text;
}

function exponentText(exponent: number): string {
  return `${exponent < 0 ? "-" : "+"}${`${Math.abs(exponent)}`.padStart(2, "0")}`;
}
