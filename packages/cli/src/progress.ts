// Progress bars on standard error, where somebody is looking. Drawn by cli-progress.
import type { Progress } from "@org/io";
import { Presets, SingleBar } from "cli-progress";
import type { Terminal } from "./terminal.ts";

export interface ProgressFlags {
  readonly quiet?: boolean;
  readonly json?: boolean;
}

/** Runs `action` under a bar with `title`; its argument hears of the progress, and is undefined where no bar is to be seen. */
export async function withProgress<T>(
  title: string,
  terminal: Terminal,
  flags: ProgressFlags,
  action: (onProgress: ((progress: Progress) => void) | undefined) => Promise<T>,
): Promise<T> {
  if (!terminal.interactive || flags.quiet || flags.json) return action(undefined);
  const bar = new SingleBar(
    {
      format: `${title} {bar} {percentage}% {name}`,
      hideCursor: true,
      clearOnComplete: true,
      stream: terminal.interactive,
      gracefulExit: false,
      etaBuffer: 1,
    },
    Presets.shades_classic,
  );
  bar.start(1, 0, { name: "" });
  try {
    return await action(({ loaded, total, name }) => {
      if (total) bar.setTotal(total);
      bar.update(total ? loaded : 0, { name: name ?? "" });
    });
  } finally {
    bar.stop();
  }
}
