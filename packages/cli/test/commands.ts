/** Every command, in the order of the help. */
export const commands: readonly string[] = [
  "show",
  "ls",
  "get",
  "convert",
  "diff",
  "validate",
  "rename",
  "extract",
  "freeze",
  "completion",
];
