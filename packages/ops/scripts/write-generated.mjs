// Writes a generated file as a whole, and only where it differs: others may be reading it.
import { mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";

/** Whether `file` was written. */
export function writeGenerated(file, text) {
  try {
    if (readFileSync(file, "utf8") === text) return false;
  } catch {}
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(`${file}.${process.pid}`, text);
  renameSync(`${file}.${process.pid}`, file);
  return true;
}
