/** The text that replaces a secret. */
const REDACTED = "(redacted)";

/** The user and password in a URL, and the token after `Bearer`. */
const BY_FORM = /(?<=:\/\/)[^\s/@"']+(?=@)|(?<=\bBearer )[^\s"']+/g;

/**
 * An error may quote the beginning of a value, so this many first characters of a secret are recognized as
 * it.
 */
const HEAD = 12;

/**
 * Returns a function that removes secrets from a text: plain, in base64 or URL-encoded, complete or
 * truncated. A policy is code, and its errors may contain any data that the code has read.
 *
 * @example
 * redactor(["s3cret-token"])("store refused s3cret-token"); // "store refused (redacted)"
 */
export function redactor(secrets: readonly string[]): (text: string) => string {
  const forms = [...new Set(secrets.flatMap(formsOf))];
  const heads = [...new Set(forms.map((form) => form.slice(0, HEAD)))];
  const longestFirst = heads.toSorted((a, b) => b.length - a.length);
  return (text) =>
    longestFirst.reduce(
      (left, head) =>
        without(
          left,
          head,
          forms.filter((form) => form.startsWith(head)),
        ),
      text.replaceAll(BY_FORM, REDACTED),
    );
}

/** Removes each occurrence of `head`, with all characters after it that belong to one of the forms. */
function without(text: string, head: string, forms: readonly string[]): string {
  const [before = "", ...parts] = text.split(head);
  const rests = forms.map((form) => form.slice(head.length));
  const kept = parts.map((part) => part.slice(Math.max(...rests.map((rest) => alike(part, rest)))));
  return [before, ...kept].join(REDACTED);
}

/** Returns the length of the common prefix of two texts. */
function alike(a: string, b: string): number {
  let length = 0;
  while (length < a.length && a[length] === b[length]) length += 1;
  return length;
}

function formsOf(secret: string): readonly string[] {
  const bytes = Buffer.from(secret);
  const base64 = bytes.toString("base64").replace(/=+$/, "");
  const quoted = JSON.stringify(secret).slice(1, -1);
  const encoded = [encodeURIComponent(secret), encodeURI(secret)];
  return [secret, quoted, ...encoded, base64, bytes.toString("base64url")];
}

/** Returns data in which a function has changed every text. */
export function mapTexts<T>(value: T, change: (text: string) => string): T {
  const mapped = (given: unknown): unknown => {
    if (typeof given === "string") return change(given);
    if (Array.isArray(given)) return given.map(mapped);
    if (typeof given !== "object" || given === null) return given;
    return Object.fromEntries(Object.entries(given).map(([name, held]) => [name, mapped(held)]));
  };
  return mapped(value) as T;
}
