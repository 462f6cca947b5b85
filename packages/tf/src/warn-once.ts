// What this program is told where it asks for nothing else: each sentence once, on the console. Only this package prints.

const said = new Set<string>();

/** Prints a warning, the first time. */
export function warnOnce(warning: string | { readonly message: string }): void {
  const message = typeof warning === "string" ? warning : warning.message;
  if (said.has(message)) return;
  said.add(message);
  console.warn(message);
}
