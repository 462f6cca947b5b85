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
