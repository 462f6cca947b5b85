// Breaks a protobuf message field by field: lengths around the change stay right, so that it reaches what reads the field.
// What is a message and what is a string is guessed from the bytes.
import { concatBytes } from "@org/io";
import { type Breaker, breakBytes } from "./break-bytes.ts";
import { nastyNumbers, nastyWords, varint } from "./nasty.ts";
import type { Random } from "./random.ts";

interface Field {
  readonly tag: bigint;
  /** What stands between the tag and the next: of wire type 2 without its length. */
  readonly value: Uint8Array;
}

const wireType = ({ tag }: Field): number => Number(tag & 7n);

/** The fields of a message; undefined where the bytes are none. */
function fieldsOf(bytes: Uint8Array): Field[] | undefined {
  const fields: Field[] = [];
  let at = 0;
  const number = (): bigint | undefined => {
    let value = 0n;
    for (let shift = 0n; shift < 70n && at < bytes.length; shift += 7n) {
      const byte = bytes[at++]!;
      value |= BigInt(byte & 127) << shift;
      if (byte < 128) return value;
    }
    return undefined;
  };
  while (at < bytes.length) {
    const tag = number();
    if (tag === undefined || tag < 8n || tag > 0xffffffffn) return undefined;
    let start = at;
    const type = Number(tag & 7n);
    if (type === 0) {
      if (number() === undefined) return undefined;
    } else if (type === 1) at += 8;
    else if (type === 5) at += 4;
    else if (type === 2) {
      const length = number();
      if (length === undefined || length > BigInt(bytes.length - at)) return undefined;
      start = at;
      at += Number(length);
    } else return undefined;
    if (at > bytes.length) return undefined;
    fields.push({ tag, value: bytes.subarray(start, at) });
  }
  return fields;
}

const bytesOf = (fields: readonly Field[]): Uint8Array =>
  concatBytes(
    fields.flatMap((field) => [
      Uint8Array.from(varint(field.tag)),
      ...(wireType(field) === 2 ? [Uint8Array.from(varint(BigInt(field.value.length)))] : []),
      field.value,
    ]),
  );

/** Some field of some depth in another message. */
function anyField(bytes: Uint8Array, random: Random): Field | undefined {
  let found: Field | undefined;
  for (let inside = fieldsOf(bytes); inside && inside.length > 0; ) {
    found = random.pick(inside);
    if (wireType(found) !== 2 || random.oneIn(3)) break;
    inside = fieldsOf(found.value);
  }
  return found;
}

/** What becomes of a field. */
type FieldBreaker = (
  fields: Field[],
  at: number,
  random: Random,
  donor: Uint8Array,
) => Uint8Array | undefined;

const word = (random: Random): Uint8Array => new TextEncoder().encode(random.pick(nastyWords));

const fieldBreakers: readonly FieldBreaker[] = [
  function remove(fields, at) {
    fields.splice(at, 1);
    return undefined;
  },
  function repeat(fields, at, random) {
    fields.splice(at, 0, ...new Array<Field>(random.pick([1, 1, 1, 2, 50])).fill(fields[at]!));
    return undefined;
  },
  function swap(fields, at, random) {
    const other = random.below(fields.length);
    [fields[at], fields[other]] = [fields[other]!, fields[at]!];
    return undefined;
  },
  function renumber(fields, at, random) {
    const tag = BigInt(random.below(20) + 1) * 8n + BigInt(wireType(fields[at]!));
    fields[at] = { ...fields[at]!, tag };
    return undefined;
  },
  function transplant(fields, at, random, donor) {
    const field = anyField(donor, random);
    if (field) fields.splice(at, random.below(2), field);
    return undefined;
  },
  function copyValue(fields, at, random) {
    const other = random.pick(fields);
    if (wireType(other) === wireType(fields[at]!)) fields[at] = { ...fields[at]!, value: other.value };
    return undefined;
  },
  function setValue(fields, at, random) {
    const field = fields[at]!;
    const fixed = new Uint8Array(8);
    new DataView(fixed.buffer).setBigUint64(0, random.pick(nastyNumbers), true);
    const value = {
      0: () => Uint8Array.from(varint(random.pick(nastyNumbers))),
      1: () => fixed,
      2: () => word(random),
      5: () => fixed.subarray(0, 4),
    }[wireType(field)]!();
    fields[at] = { ...field, value };
    return undefined;
  },
  function nest(fields, at, random) {
    const field = fields[at]!;
    if (wireType(field) !== 2) return undefined;
    let value = field.value;
    const depth = random.pick([2, 20, 99, 101, 1000]);
    for (let i = 0; i < depth && value.length < 1 << 16; i++) value = bytesOf([{ ...field, value }]);
    fields[at] = { ...field, value };
    return undefined;
  },
];

/** Goes down to a field, more or less deep, and changes it there. Falls back to single bytes where there are no fields. */
export const breakProto: Breaker = (bytes, random, donor) => {
  const fields = fieldsOf(bytes);
  if (!fields || fields.length === 0) return breakBytes(bytes, random, donor);
  const at = random.below(fields.length);
  const field = fields[at]!;
  const inside = wireType(field) === 2 && field.value.length > 0;
  if (inside && !random.oneIn(4)) {
    const deeper = fieldsOf(field.value) !== undefined || random.oneIn(3);
    fields[at] = {
      ...field,
      value: deeper ? breakProto(field.value, random, donor) : word(random),
    };
  } else random.pick(fieldBreakers)(fields, at, random, donor);
  return bytesOf(fields);
};
