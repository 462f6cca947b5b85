// How names change: by a name or scope and its new name, or by a regular expression as sed has it.
import { TfError } from "@org/errors";

/** One rule; several are applied one after the other. */
export interface RenameRule {
  /** As it was given, for messages. */
  readonly text: string;
  apply(name: string): string;
}

/**
 * "old=new": the name `old`, and every name in the scope `old/`. "=layer/" has no old name: it puts "layer/" in front of all.
 * Throws TfError INVALID_ARGUMENT where there is no "=".
 */
export function nameRule(text: string): RenameRule {
  const at = text.indexOf("=");
  if (at < 0) throw new TfError("INVALID_ARGUMENT", `"${text}" is not old=new`);
  return ruleOf(text.slice(0, at), text.slice(at + 1), text);
}

/** The rule for a pair of names. */
export function ruleOf(old: string, new_: string, text = `${old}=${new_}`): RenameRule {
  if (old === "") return { text, apply: (name) => new_ + name };
  return {
    text,
    apply(name) {
      if (name === old) return new_;
      return name.startsWith(`${old}/`) ? new_ + name.slice(old.length) : name;
    },
  };
}

/**
 * "s/PATTERN/REPLACEMENT/flags", with any character in place of the slashes; flags g and i; \1 or $1 is a group.
 * Throws TfError INVALID_ARGUMENT with the reason for what is none.
 */
export function substitutionRule(text: string): RenameRule {
  const delimiter = text[1] ?? "";
  const parts = text[0] === "s" && /[^\w\s\\]/.test(delimiter) ? splitAt(text.slice(2), delimiter) : [];
  const [pattern, replacement, flags] = parts;
  if (parts.length !== 3 || !/^[gi]*$/.test(flags!))
    throw new TfError("INVALID_ARGUMENT", `"${text}" is not s/PATTERN/REPLACEMENT/`, {
      hint: "As sed has it: 's/^hidden1/layer1/', 's|a/b|c|', flags g and i.",
    });
  let expression: RegExp;
  try {
    expression = new RegExp(pattern!, `u${flags}`);
  } catch (cause) {
    throw new TfError("INVALID_ARGUMENT", (cause as Error).message, { cause });
  }
  const into = replacement!.replace(/\\(\d)/g, "$$$1");
  return { text, apply: (name) => name.replace(expression, into) };
}

/** Parts between delimiters; one behind a backslash is itself. */
function splitAt(text: string, delimiter: string): string[] {
  const parts: string[] = [];
  let part = "";
  for (let i = 0; i < text.length; i++) {
    const next = text[i + 1] ?? "";
    if (text[i] === delimiter) {
      parts.push(part);
      part = "";
    } else if (text[i] === "\\" && next !== "") {
      part += next === delimiter ? next : `\\${next}`;
      i++;
    } else part += text[i];
  }
  return [...parts, part];
}

/** The rules of a JSON object, {"old": "new", ...}. Throws TfError INVALID_ARGUMENT for another document. */
export function rulesOfJson(text: string, file: string): RenameRule[] {
  let map: unknown;
  try {
    map = JSON.parse(text);
  } catch (cause) {
    throw new TfError("INVALID_ARGUMENT", `${file} is not JSON: ${(cause as Error).message}`, {
      file,
      cause,
    });
  }
  const pairs =
    typeof map === "object" && map !== null && !Array.isArray(map) ? Object.entries(map) : undefined;
  if (!pairs?.every(([, to]) => typeof to === "string"))
    throw new TfError("INVALID_ARGUMENT", `${file} is not an object of strings`, {
      file,
      hint: '{ "old/name": "new/name" }',
    });
  // All at once, so that two names can be swapped.
  const names = pairs.map(([old, new_]) => ruleOf(old, new_ as string));
  return [
    {
      text: file,
      apply(name) {
        for (const rule of names) {
          const renamed = rule.apply(name);
          if (renamed !== name) return renamed;
        }
        return name;
      },
    },
  ];
}

/** All rules, one after the other. */
export const renamer =
  (rules: readonly RenameRule[]) =>
  (name: string): string =>
    rules.reduce((now, rule) => rule.apply(now), name);
