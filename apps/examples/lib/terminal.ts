// What the demo draws: tables, a progress line, a plot of the loss.
import asciichart from "asciichart";
import { Presets, SingleBar } from "cli-progress";

/** Rows under a header, columns aligned. */
export function table([header, ...rows]: readonly (readonly string[])[]): string {
  const all = [header!, ...rows];
  const widths = header!.map((_, i) => Math.max(...all.map((row) => row[i]!.length)));
  const line = (row: readonly string[]): string =>
    `  ${row.map((cell, i) => cell.padEnd(widths[i]!)).join("  ")}`.trimEnd();
  return [line(header!), line(widths.map((width) => "-".repeat(width))), ...rows.map(line), ""].join("\n");
}

/** A progress line on the terminal; nothing where there is none. */
export function progressLine(label: string, total: number): SingleBar {
  const bar = new SingleBar(
    {
      format: `${label} {bar} {value}/{total} steps, loss {loss}, {eta} s left`,
      hideCursor: true,
      noTTYOutput: false,
      stream: process.stdout,
    },
    Presets.shades_classic,
  );
  bar.start(total, 0, { loss: "-" });
  return bar;
}

/** The loss over the steps, each point the mean of the steps that it stands for. */
export function lossPlot(losses: readonly number[], width = 60): string {
  const points = Math.min(width, losses.length);
  const means = Array.from({ length: points }, (_, i) => {
    const part = losses.slice(
      Math.floor((i * losses.length) / points),
      Math.floor(((i + 1) * losses.length) / points),
    );
    return part.reduce((sum, loss) => sum + loss, 0) / part.length;
  });
  return asciichart.plot(means, { height: 8 });
}
