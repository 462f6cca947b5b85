export {
  type FoldOptions,
  foldl,
  foldr,
  type MapOptions,
  mapFn,
  type ScanOptions,
  scan,
} from "./functional.ts";
export { TensorArray, type TensorArrayOptions } from "./tensor-array.ts";
