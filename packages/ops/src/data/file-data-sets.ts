// tf.data.TextLineDataset, TFRecordDataset, FixedLengthRecordDataset: what files hold, one file after the other.
// Source: python/data/ops/readers.py of TensorFlow 1.15.
import type { Tensor } from "@org/graph";
import type { RecordCompression } from "@org/io";
import { type DType, Shape } from "@org/tensor";
import { applyOne } from "../apply-op.ts";
import { constant } from "../array/constant.ts";
import { reshape } from "../array/reshape.ts";
import { convertToTensor } from "../convert.ts";
import type { TensorLike } from "../tensor-like.ts";
import { Dataset, int64Tensor } from "./data-set.ts";
import type { Structure } from "./structure.ts";

export interface FileDatasetOptions {
  /** How files are compressed: not at all unless given. */
  readonly compressionType?: RecordCompression | Tensor | undefined;
  /** Bytes that TensorFlow reads at a time; here files are read by 256 KiB. */
  readonly bufferSize?: number | Tensor | undefined;
}

export interface FixedLengthDatasetOptions extends FileDatasetOptions {
  /** Bytes at the beginning of each file that are left out: 0 unless given. */
  readonly headerBytes?: number | Tensor | undefined;
  /** Bytes at its end: 0 unless given. */
  readonly footerBytes?: number | Tensor | undefined;
}

const defaultBufferSize = 262144;
const strings: Structure = {
  form: null,
  components: [{ dtype: "string" as DType, shape: Shape.scalar }],
};

const bufferSize = ({ bufferSize = defaultBufferSize }: FileDatasetOptions): Tensor =>
  int64Tensor(bufferSize, "buffer_size");
const compression = ({ compressionType = "" }: FileDatasetOptions): Tensor =>
  typeof compressionType === "string"
    ? constant(compressionType, "string", { name: "compression_type" })
    : compressionType;

/** Names of files: a list, a string tensor, or a data set of string scalars. */
export type Filenames = TensorLike | Dataset<Tensor>;

/** What `read` reads of each file. Throws a TypeError for a data set of anything but string scalars. */
function filewise(filenames: Filenames, read: (filename: Tensor) => Tensor): Dataset<Tensor> {
  const names = filenames instanceof Dataset ? filenames : namesOf(filenames);
  const [name] = names.structure.components;
  if (name!.dtype !== "string")
    throw new TypeError("`filenames` must be a `tf.data.Dataset` of `tf.string` elements.");
  if (!name!.shape.isCompatibleWith(Shape.scalar))
    throw new TypeError("`filenames` must be a `tf.data.Dataset` of scalar `tf.string` elements.");
  function read_one_file(filename: Tensor): Dataset<Tensor> {
    return new Dataset<Tensor>(read(filename), strings);
  }
  return names.flatMap(read_one_file);
}

function namesOf(filenames: TensorLike): Dataset<Tensor> {
  const tensor = convertToTensor(filenames, { dtype: "string" });
  const flat = reshape(tensor, Int32Array.of(-1), { name: "flat_filenames" });
  return Dataset.fromTensorSlices(flat);
}

/** Lines of text files, without their ends. */
export class TextLineDataset extends Dataset<Tensor> {
  constructor(filenames: Filenames, options: FileDatasetOptions = {}) {
    const { variantTensor, structure } = filewise(filenames, (filename) =>
      applyOne("TextLineDataset", [filename, compression(options), bufferSize(options)]),
    );
    super(variantTensor, structure);
  }
}

/** TFRecords. */
export class TFRecordDataset extends Dataset<Tensor> {
  constructor(filenames: Filenames, options: FileDatasetOptions = {}) {
    const { variantTensor, structure } = filewise(filenames, (filename) =>
      applyOne("TFRecordDataset", [filename, compression(options), bufferSize(options)]),
    );
    super(variantTensor, structure);
  }
}

/** Records of `recordBytes` bytes. */
export class FixedLengthRecordDataset extends Dataset<Tensor> {
  constructor(filenames: Filenames, recordBytes: number | Tensor, options: FixedLengthDatasetOptions = {}) {
    const { headerBytes = 0, footerBytes = 0 } = options;
    const { variantTensor, structure } = filewise(filenames, (filename) => {
      const record = int64Tensor(recordBytes, "record_bytes");
      const header = int64Tensor(headerBytes, "header_bytes");
      const footer = int64Tensor(footerBytes, "footer_bytes");
      const buffer = bufferSize(options);
      const inputs = [filename, header, record, footer, buffer, compression(options)];
      return applyOne("FixedLengthRecordDatasetV2", inputs);
    });
    super(variantTensor, structure);
  }
}
