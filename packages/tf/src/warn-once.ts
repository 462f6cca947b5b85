// What this program is told where it asks for nothing else: each sentence once, on the console. Only this package prints.

const said = new Set<string>();

/** Prints a warning, the first time; one that is said of many nodes, for the first node. */
export function warnOnce(warning: string | { readonly message: string }): void {
  const message = typeof warning === "string" ? warning : warning.message;
  const ofAnyNode = message.replace(/\{\{node [^}]*\}\}/g, "");
  if (said.has(ofAnyNode)) return;
  said.add(ofAnyNode);
  console.warn(message);
}
