// tf.decode_csv, tf.string_to_number: text to columns of numbers and strings. Source: core/kernels/{decode_csv_op,string_to_number_op}.cc,
// core/ops/parsing_ops.cc, python/ops/parsing_ops.py.
import { TfError } from "@org/errors";
import type { Tensor } from "@org/graph";
import { allocateData, type DType, dtypeString, type NdArray, ndArray, sizeOf } from "@org/tensor";
import { applyOne, applyOp } from "../apply-op.ts";
import { defineOps } from "../define.ts";
import { stringsOf } from "../host/text.ts";
import type { HostContext, HostKernel, OpEntry } from "../op-entry.ts";
import { invalid, unchanged, withRankAtMost } from "../shape-rules.ts";
import { isParsed, parseNumber } from "../strings/numbers.ts";
import type { NameOption, TensorLike } from "../tensor-like.ts";
import { csvFields } from "./csv-fields.ts";

export interface DecodeCsvOptions extends NameOption {
  /** Between fields: "," unless given. */
  readonly fieldDelim?: string | undefined;
  /** Fields may be in double quotes: true unless given. */
  readonly useQuoteDelim?: boolean | undefined;
  /** Text that stands for a missing value, as an empty field does. */
  readonly naValue?: string | undefined;
  /** Columns to take, in order; all unless given. */
  readonly selectCols?: readonly number[] | undefined;
}

/**
 * tf.decode_csv: a tensor a column, of the types of `recordDefaults` (a scalar each, or a vector of one; an empty vector where the column must
 * be there), shaped as `records`. Running it fails with INVALID_ARGUMENT where a line does not fit.
 * Throws TfError INVALID_ARGUMENT for columns that are negative, not in order, or not as many as defaults.
 * @tfExport decodeCsv
 */
export function decodeCsv(
  records: TensorLike,
  recordDefaults: readonly TensorLike[],
  options: DecodeCsvOptions = {},
): readonly Tensor[] {
  const { name, selectCols: columns } = options;
  const fail = (sentence: string): never => {
    throw new TfError("INVALID_ARGUMENT", sentence);
  };
  if (columns) {
    if (columns.some((column, i) => i > 0 && columns[i - 1]! >= column))
      fail("select_cols is not strictly increasing.");
    if (columns[0]! < 0) fail("select_cols contains negative values.");
    if (columns.length !== recordDefaults.length)
      fail("Length of select_cols and record_defaults do not match.");
  }
  return applyOp("DecodeCSV", [records, recordDefaults], {
    name,
    attrs: {
      field_delim: options.fieldDelim,
      use_quote_delim: options.useQuoteDelim,
      na_value: options.naValue,
      select_cols: columns,
    },
  }).outputs;
}

export interface StringToNumberOptions extends NameOption {
  /** float32 unless given. */
  readonly outType?: DType | undefined;
}

/** tf.string_to_number: the number that each string is. Running it fails with INVALID_ARGUMENT where one is none. @tfExport stringToNumber, strings.toNumber */
export function stringToNumber(stringTensor: TensorLike, options: StringToNumberOptions = {}): Tensor {
  return applyOne("StringToNumber", [stringTensor], {
    name: options.name,
    attrs: { out_type: options.outType },
  });
}

const utf8 = new TextDecoder();

const decodeCsvKernel: HostKernel = (c) => {
  const { attrs } = c;
  const fail = (sentence: string): never => c.fail("INVALID_ARGUMENT", sentence);
  const types = attrs.types("OUT_TYPE");
  const columns = attrs.has("select_cols") ? attrs.ints("select_cols") : [];
  const delimiter = attrs.bytes("field_delim");
  if (columns.length > 0 && columns.length !== types.length) fail("select_cols should match output size");
  if (columns.some((column, i) => i > 0 && columns[i - 1]! >= column))
    fail("select_cols should be strictly increasing indices");
  if (columns.length > 0 && columns[0]! < 0) fail("select_cols should be non-negative indices");
  if (delimiter.length !== 1) fail("field_delim should be only 1 char");
  const useQuotes = attrs.has("use_quote_delim") ? attrs.bool("use_quote_delim") : true;
  const missing = attrs.has("na_value") ? attrs.string("na_value") : "";
  const defaults = types.map((_, i) => c.input(i + 1));
  for (const [i, { shape }] of defaults.entries()) {
    if (shape.length > 1) fail("Each record default should be at most rank 1");
    if (sizeOf(shape) > 1)
      fail(`There should only be 1 default per field but field ${i} has ${sizeOf(shape)}`);
  }
  const records = c.input(0);
  const lines = records.data as Uint8Array[];
  const data = types.map((dtype) => allocateData(dtype, lines.length) as unknown[]);
  for (const [i, line] of lines.entries()) {
    const fields = csvFields(line, { delimiter: delimiter[0]!, useQuotes, columns }, fail);
    if (fields.length !== types.length)
      fail(`Expect ${types.length} fields but have ${fields.length} in record ${i}`);
    for (const [f, bytes] of fields.entries())
      data[f]![i] = fieldValue(c, { bytes, dtype: types[f]!, missing, fallback: defaults[f]!, i, f });
  }
  return types.map((dtype, f) => ndArray(dtype, records.shape, data[f] as never));
};

interface FieldAt {
  readonly bytes: Uint8Array;
  readonly dtype: DType;
  readonly missing: string;
  readonly fallback: NdArray;
  /** Record and field. */
  readonly i: number;
  readonly f: number;
}

function fieldValue(c: HostContext, { bytes, dtype, missing, fallback, i, f }: FieldAt): unknown {
  const text = utf8.decode(bytes);
  if (text === "" || text === missing) {
    if (fallback.data.length !== 1)
      c.fail("INVALID_ARGUMENT", `Field ${f} is required but missing in record ${i}!`);
    return fallback.data[0];
  }
  if (dtype === "string") return bytes;
  if (!isParsed(dtype))
    return c.fail("INVALID_ARGUMENT", `csv: data type ${dtypeString(dtype)} not supported in field ${f}`);
  return (
    parseNumber(text, dtype) ??
    c.fail("INVALID_ARGUMENT", `Field ${f} in record ${i} is not a valid ${dtypeString(dtype)}: ${text}`)
  );
}

/** Entries of DecodeCSV and StringToNumber. */
export const textNumberOps: readonly OpEntry[] = defineOps({
  DecodeCSV: {
    shape: (c) => {
      const types = c.attrs.types("OUT_TYPE");
      for (let i = 1; i <= types.length; i++) {
        const { dims } = withRankAtMost(c.input(i), 1);
        if (dims?.length === 1 && dims[0] !== null && dims[0]! > 1)
          invalid("Shape of a default must be a length-0 or length-1 vector, or a scalar.");
      }
      return types.map(() => c.input(0));
    },
    host: decodeCsvKernel,
    gradient: null,
  },
  StringToNumber: {
    shape: unchanged,
    host: (c) => {
      const strings = c.input(0);
      const dtype = c.outputDType(0);
      if (!isParsed(dtype))
        return c.fail("UNIMPLEMENTED", `StringToNumber to ${dtypeString(dtype)} is not supported`);
      const data = allocateData(dtype, sizeOf(strings.shape)) as unknown as (number | bigint)[];
      for (const [i, text] of stringsOf(strings).entries())
        data[i] =
          parseNumber(text, dtype) ??
          c.fail("INVALID_ARGUMENT", `StringToNumberOp could not correctly convert string: ${text}`);
      return [ndArray(dtype, strings.shape, data as never)];
    },
    gradient: null,
  },
});
