// What a builder asks of signatures before it writes anything. Source: python/saved_model/builder_impl.py (_validate_signature_def_map).
import { TfError } from "@org/errors";
import { type ISignatureDef, type ITensorInfo, TensorInfo } from "@org/proto";
import { INIT_OP_SIGNATURE_KEY, TRAIN_OP_SIGNATURE_KEY } from "./constants.ts";
import { encodingOf } from "./tensor-info.ts";

const reserved = [
  [INIT_OP_SIGNATURE_KEY, "initialization"],
  [TRAIN_OP_SIGNATURE_KEY, "the train op"],
] as const;

/**
 * Throws TfError INVALID_ARGUMENT, with the signature and its entry as `key`, where a TensorInfo says not which tensor or not which type,
 * and where a reserved key is used.
 */
export async function checkSignatureDefMap(
  signatures: Readonly<Record<string, ISignatureDef>>,
): Promise<void> {
  for (const [key, { inputs, outputs }] of Object.entries(signatures))
    for (const [name, info] of [...Object.entries(inputs ?? {}), ...Object.entries(outputs ?? {})])
      await checkTensorInfo(info, `${key}/${name}`);
  for (const [key, purpose] of reserved)
    if (Object.hasOwn(signatures, key))
      throw new TfError(
        "INVALID_ARGUMENT",
        `SignatureDef map key "${key}" is reserved for ${purpose}. Please use a different key.`,
        { key, hint: "Pass the operation as initOp or trainOp." },
      );
}

async function checkTensorInfo(info: ITensorInfo | null | undefined, key: string): Promise<void> {
  const fail = async (what: string): Promise<never> => {
    const { toText } = await import("@org/proto/text");
    throw new TfError(
      "INVALID_ARGUMENT",
      `All TensorInfo protos used in the SignatureDefs must have ${what} set${info ? `: ${toText(TensorInfo, info)}` : "."}`,
      { key },
    );
  };
  if (!info) return fail("the name and dtype fields");
  const encoding = encodingOf(info);
  if (encoding === undefined) return fail("one of the 'encoding' fields (e.g., name or coo_sparse)");
  if (encoding === "compositeTensor") {
    for (const component of info.compositeTensor?.components ?? []) await checkTensorInfo(component, key);
  } else if (!info.dtype) return fail("the dtype field");
}
