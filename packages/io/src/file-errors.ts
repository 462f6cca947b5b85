// The errors of file access, in the words that TensorFlow has from POSIX.
// Source: core/lib/io/posix_error.cc: "<path>; <strerror>".
import { type ErrorCode, TfError } from "@org/errors";

const sentences = {
  ENOENT: ["NOT_FOUND", "No such file or directory"],
  EISDIR: ["FAILED_PRECONDITION", "Is a directory"],
  ENOTDIR: ["FAILED_PRECONDITION", "Not a directory"],
  ENOTEMPTY: ["FAILED_PRECONDITION", "Directory not empty"],
  EEXIST: ["ALREADY_EXISTS", "File exists"],
  EACCES: ["PERMISSION_DENIED", "Permission denied"],
  EPERM: ["PERMISSION_DENIED", "Operation not permitted"],
  EROFS: ["PERMISSION_DENIED", "Read-only file system"],
  ENOSPC: ["RESOURCE_EXHAUSTED", "No space left on device"],
  EDQUOT: ["RESOURCE_EXHAUSTED", "Disk quota exceeded"],
  EMFILE: ["RESOURCE_EXHAUSTED", "Too many open files"],
  ENAMETOOLONG: ["INVALID_ARGUMENT", "File name too long"],
  EINVAL: ["INVALID_ARGUMENT", "Invalid argument"],
  ELOOP: ["FAILED_PRECONDITION", "Too many levels of symbolic links"],
  ESPIPE: ["FAILED_PRECONDITION", "Illegal seek"],
  EBUSY: ["UNAVAILABLE", "Device or resource busy"],
} as const;

/** A POSIX error name that has a sentence here. */
export type FileErrorName = keyof typeof sentences;

/** The TfError of a POSIX error at a path. */
export function fileError(name: FileErrorName, path: string, cause?: unknown): TfError {
  const [code, sentence]: readonly [ErrorCode, string] = sentences[name];
  return new TfError(code, `${path}; ${sentence}`, { file: path, ...(cause === undefined ? {} : { cause }) });
}

/** An error of Node's fs (or anything) as a TfError; a TfError and an AbortError stay what they are. */
export function asFileError(error: unknown, path: string): unknown {
  if (typeof error !== "object" || error === null || !("code" in error) || !("syscall" in error))
    return error;
  const name = String(error.code);
  if (Object.hasOwn(sentences, name)) return fileError(name as FileErrorName, path, error);
  return new TfError("UNKNOWN", `${path}; ${String((error as { message?: unknown }).message)}`, {
    file: path,
    cause: error,
  });
}

/** What is said of a file whose scheme nothing here serves: TensorFlow's own sentence. */
export function unknownScheme(scheme: string, name: string): TfError {
  return new TfError("UNIMPLEMENTED", `File system scheme '${scheme}' not implemented (file: '${name}')`, {
    file: name,
    hint: "Pass a FileSystem of your own that serves it.",
  });
}
