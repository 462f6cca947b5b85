// tf.strings.regex_replace, tf.strings.regex_full_match and their ops. Source: core/ops/string_ops.cc,
// core/kernels/{regex_replace_op,regex_full_match_op}.cc, python/ops/string_ops.py.
import type { Tensor } from "@org/graph";
import { coreShapes } from "@org/graph/core-ops";
import { type NdArray, ndArray, Shape } from "@org/tensor";
import { applyOne } from "../apply-op.ts";
import { defineOps } from "../define.ts";
import { stringArray } from "../host/text.ts";
import type { HostContext, OpEntry } from "../op-entry.ts";
import { unchanged, withRank } from "../shape-rules.ts";
import type { NameOption, TensorLike } from "../tensor-like.ts";
import { fullMatch, replaced, withPattern } from "./regex.ts";

/**
 * tf.strings.regex_full_match: which strings match a pattern (RE2's syntax) as a whole: bool, of the shape of `input`.
 * A pattern that is a string becomes an attribute (StaticRegexFullMatch). A bad pattern fails the run with INVALID_ARGUMENT.
 * @tfExport strings.regexFullMatch
 */
export function regexFullMatch(input: TensorLike, pattern: TensorLike, options: NameOption = {}): Tensor {
  return typeof pattern === "string"
    ? applyOne("StaticRegexFullMatch", [input], { ...options, attrs: { pattern } })
    : applyOne("RegexFullMatch", [input, pattern], options);
}

export interface RegexReplaceOptions extends NameOption {
  /** All matches: true unless given; else the first alone. */
  readonly replaceGlobal?: boolean | undefined;
}

/**
 * tf.strings.regex_replace: strings with what matches a pattern (RE2's syntax) replaced; \0 to \9 in `rewrite` are its groups.
 * Where both are strings they become attributes (StaticRegexReplace). A bad pattern fails the run with INVALID_ARGUMENT.
 * @tfExport regexReplace, strings.regexReplace
 */
export function regexReplace(
  input: TensorLike,
  pattern: TensorLike,
  rewrite: TensorLike,
  options: RegexReplaceOptions = {},
): Tensor {
  const { name, replaceGlobal = true } = options;
  return typeof pattern === "string" && typeof rewrite === "string"
    ? applyOne("StaticRegexReplace", [input], {
        name,
        attrs: { pattern, rewrite, replace_global: replaceGlobal },
      })
    : applyOne("RegexReplace", [input, pattern, rewrite], { name, attrs: { replace_global: replaceGlobal } });
}

/** The string of a scalar input. */
function scalarString(c: HostContext, index: number, what: string): Uint8Array {
  const { shape, data } = c.input(index);
  if (shape.length !== 0)
    c.fail("INVALID_ARGUMENT", `${what} must be scalar, but received ${new Shape(shape)}`);
  return (data as Uint8Array[])[0]!;
}

function matches(c: HostContext, pattern: Uint8Array): readonly NdArray[] | Promise<readonly NdArray[]> {
  const { shape, data } = c.input(0);
  return withPattern(c, pattern, (compiled) => [
    ndArray(
      "bool",
      shape,
      Uint8Array.from(data as Uint8Array[], (text) => (fullMatch(compiled, text) ? 1 : 0)),
    ),
  ]);
}

function replacing(
  c: HostContext,
  pattern: Uint8Array,
  rewrite: Uint8Array,
): readonly NdArray[] | Promise<readonly NdArray[]> {
  const { shape, data } = c.input(0);
  const all = c.attrs.bool("replace_global");
  return withPattern(c, pattern, (compiled) => [
    stringArray(
      shape,
      (data as Uint8Array[]).map((text) => replaced(compiled, text, rewrite, all)),
    ),
  ]);
}

/** Entries of the ops of regular expressions. */
export const regexOps: readonly OpEntry[] = defineOps({
  RegexFullMatch: {
    shape: (c) => {
      withRank(c.input(1), 0);
      return [c.input(0)];
    },
    host: (c) => matches(c, scalarString(c, 1, "Pattern")),
    gradient: null,
  },
  StaticRegexFullMatch: {
    shape: coreShapes.StaticRegexFullMatch!,
    host: (c) => matches(c, c.attrs.bytes("pattern")),
    gradient: null,
  },
  RegexReplace: {
    shape: (c) => {
      withRank(c.input(1), 0);
      withRank(c.input(2), 0);
      return [c.input(0)];
    },
    host: (c) => replacing(c, scalarString(c, 1, "Pattern"), scalarString(c, 2, "Rewrite")),
    gradient: null,
  },
  StaticRegexReplace: {
    shape: unchanged,
    host: (c) => replacing(c, c.attrs.bytes("pattern"), c.attrs.bytes("rewrite")),
    gradient: null,
  },
});
