// The shape of src/gen/fields.js: what the text format knows about the schema.

/** One field of a message. */
export interface FieldRow {
  /** Name in the .proto file, as text has it. */
  readonly name: string;
  /** Property of the message. */
  readonly key: string;
  readonly number: number;
  /** A scalar type, or the full name of a message or enum; of a map, its value's. */
  readonly type: string;
  /** Key type of a map field. */
  readonly map?: string;
  readonly repeated?: true;
  /** Name of the oneof that the field belongs to. */
  readonly oneof?: string;
  /** Whether an explicit default differs from an absent field. */
  readonly presence?: true;
}

/** Fields of every message by full name, in the order of the .proto file. */
export type TypeTable = { readonly [name: string]: readonly FieldRow[] };
