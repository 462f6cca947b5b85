// Makes op-defs/op-defs.txt from serialized OpLists, one a TensorFlow version, oldest first:
//   node scripts/collect-op-defs.mjs 1.0.1=ops-1.0.1.pb 1.15.5=ops-1.15.5.pb 2.21.0=ops-2.21.0.pb
// A line is `NAME VERSIONS BASE64`: an OpDef without texts, and a digit a version that has it so (1: yes). The first line
// names the versions. A maintainer runs this; generate.mjs turns the file into TypeScript.
import { readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

/** Top-level fields of a message: [number, wire type, start of the field, start of its content, end]. */
function* fields(bytes) {
  let pos = 0;
  const varint = () => {
    let value = 0;
    for (let scale = 1; ; scale *= 128) {
      const byte = bytes[pos++];
      value += (byte & 127) * scale;
      if (byte < 128) return value;
    }
  };
  while (pos < bytes.length) {
    const start = pos;
    const tag = varint();
    let content = pos;
    if (tag % 8 === 2) {
      const length = varint();
      content = pos;
      pos += length;
    } else if (tag % 8 === 0) varint();
    else pos += tag % 8 === 1 ? 8 : 4;
    yield { number: Math.floor(tag / 8), start, content, end: pos };
  }
}

function varintBytes(value) {
  const out = [];
  for (; value > 127; value = Math.floor(value / 128)) out.push((value % 128) + 128);
  return Buffer.from([...out, value]);
}

/** Without fields `drop`; `inside` says what to drop in nested messages. */
function strip(bytes, drop, inside = {}) {
  const parts = [];
  for (const { number, start, content, end } of fields(bytes)) {
    if (drop.includes(number)) continue;
    const nested = inside[number];
    if (nested === undefined) parts.push(bytes.subarray(start, end));
    else {
      const body = strip(bytes.subarray(content, end), nested);
      parts.push(varintBytes(number * 8 + 2), varintBytes(body.length), body);
    }
  }
  return Buffer.concat(parts);
}

const lists = process.argv.slice(2).map((arg) => arg.split("="));
const known = new Map();
for (const [i, [, path]] of lists.entries()) {
  const list = readFileSync(path);
  for (const { content, end } of fields(list)) {
    // OpDef: 5 summary, 6 description; ArgDef (2, 3): 2 description; AttrDef (4): 4 description.
    const op = strip(list.subarray(content, end), [5, 6], { 2: [2], 3: [2], 4: [4] });
    const name = [...fields(op)].find((field) => field.number === 1);
    const key = `${op.toString("utf8", name.content, name.end)} ${op.toString("base64")}`;
    const versions = known.get(key) ?? lists.map(() => "0");
    versions[i] = "1";
    known.set(key, versions);
  }
}
const lines = [...known].map(([key, versions]) => {
  const [name, data] = key.split(" ");
  return `${name} ${versions.join("")} ${data}`;
});
const out = join(dirname(fileURLToPath(import.meta.url)), "../op-defs/op-defs.txt");
writeFileSync(out, `${lists.map(([version]) => version).join(" ")}\n${lines.sort().join("\n")}\n`);
