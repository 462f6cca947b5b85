// Columns of plain text, and text that does to a terminal nothing but appear.

/** The text with control characters written out: names in files come from strangers, and an escape sequence in one would be obeyed. */
export function printable(text: string, keep = ""): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
  return text.replace(/[\x00-\x1f\x7f-\x9f]/g, (character) => {
    if (keep.includes(character)) return character;
    const short = JSON.stringify(character).slice(1, -1);
    return short.length > 1 ? short : `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`;
  });
}

/** Rows with their columns aligned on spaces; numbers to the right. Cells are made printable. */
export function table(cells: readonly (readonly (string | number)[])[], indent = "  "): string {
  const rows = cells.map((row) => row.map((cell) => (typeof cell === "number" ? cell : printable(cell))));
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
