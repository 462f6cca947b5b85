// Where a command writes: output for programs on `out`, everything for people on `err`.

export interface Terminal {
  out(text: string): void;
  err(text: string): void;
  /** Bytes to standard output, for `-o -`. */
  outBytes(bytes: Uint8Array): void;
}

/** The process's own streams. */
export function processTerminal(): Terminal {
  return {
    out: (text) => void process.stdout.write(`${text}\n`),
    err: (text) => void process.stderr.write(`${text}\n`),
    outBytes: (bytes) => void process.stdout.write(bytes),
  };
}

/** Columns aligned on spaces; numbers to the right. */
export function table(rows: readonly (readonly (string | number)[])[], indent = "  "): string {
  const widths: number[] = [];
  for (const row of rows)
    for (const [i, cell] of row.entries()) widths[i] = Math.max(widths[i] ?? 0, String(cell).length);
  const line = (row: readonly (string | number)[]): string =>
    row
      .map((cell, i) =>
        typeof cell === "number" ? String(cell).padStart(widths[i]!) : String(cell).padEnd(widths[i]!),
      )
      .join("  ");
  return rows.map((row) => (indent + line(row)).trimEnd()).join("\n");
}

/** JSON of what messages hold: bigint as a string, bytes as text where they are, else base64. */
export function toJson(value: unknown): string {
  return JSON.stringify(
    value,
    (_, item: unknown) =>
      typeof item === "bigint" ? String(item) : item instanceof Uint8Array ? bytesText(item) : item,
    2,
  );
}

function bytesText(bytes: Uint8Array): string {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    return `base64:${Buffer.from(bytes).toString("base64")}`;
  }
}
