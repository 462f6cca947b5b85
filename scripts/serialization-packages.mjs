/** What `npm install @org/metagraph` brings. */
export const serializationPackages = [
  "errors",
  "proto",
  "io",
  "tensor",
  "graph",
  "collections",
  "variables",
  "checkpoint",
  "saver",
  "metagraph",
];

/** What has no kernels and runs in browsers and on pages that forbid code from strings: those, and what works on their files. */
export const browserPackages = [...serializationPackages, "saved-model", "graph-util", "summary"];
