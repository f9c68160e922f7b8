import { freeNamesOf } from "#lib/source/free-names";

/** Names that cannot verify anything: every client knows what a function does that uses only these. */
const HARMLESS = new Set([
  ..."undefined NaN Infinity Boolean String Number Object Array Math JSON RegExp".split(" "),
  ..."URL URLSearchParams Headers Request Date console".split(" "),
  // Decoding does not verify.
  ..."atob btoa Buffer TextDecoder Uint8Array decodeURIComponent parseInt parseFloat".split(" "),
]);

/** Headers that contain no secret, whatever they are compared with. */
const PUBLIC =
  /["'`](user-agent|referer|origin|host|forwarded|x-forwarded-[a-z]+|x-real-ip|accept-language)["'`]/i;

/** Headers in which secrets are sent. A function that reads one may compare it with a secret. */
const SECRET = /["'`](authorization|cookie|x-[a-z-]*(?:key|secret|signature|token))["'`]/i;

/** Methods that compare and do not verify. */
const COMPARING =
  /\.(?:includes|has|get|test|exec|match|startsWith|endsWith|indexOf|some|every|find)$/;

/** A variable that is known in a build and is not a secret. */
const NODE_ENV = /\bprocess\.env(?:\.NODE_ENV|\[["'`]NODE_ENV["'`]\])/g;

/**
 * Returns true when variables are used only in templates. Code that reads a variable elsewhere may check
 * whether it is set.
 */
function isTemplateOfUnset(source: string): boolean {
  const inTemplates = source.match(/\$\{\s*process\.env\b/g)?.length ?? 0;
  return inTemplates > 0 && inTemplates === source.match(/\bprocess\.env\b/g)?.length;
}

/**
 * Returns why a client can choose the result of a condition or a resolver; undefined when there is no sign of
 * it. This is a guess from the function's source. A function that refers to nothing outside itself cannot
 * know a secret or verify a signature. Headers such as User-Agent are not secrets.
 */
export function whyForgeable(resolver: unknown): string | undefined {
  if (typeof resolver !== "function") return undefined;
  const source = Function.prototype.toString.call(resolver).replaceAll(NODE_ENV, "undefined");
  const found = freeNamesOf(source);
  if (!found) return undefined;
  const isOutside = (name: string) => !HARMLESS.has(name);
  if (![...found.names].some(isOutside)) {
    return found.usesParameter
      ? "it compares the request with no secret and verifies nothing"
      : "it does not look at the request";
  }
  if (isTemplateOfUnset(source)) {
    return 'where the variable is not set, it compares with the text "undefined"';
  }
  const header = PUBLIC.exec(source)?.[1];
  const isVerifying = (call: string) =>
    isOutside(call.split(".", 1)[0] ?? "") && !COMPARING.test(call);
  const isVerified =
    found.names.has("process") || SECRET.test(source) || [...found.called].some(isVerifying);
  return header !== undefined && !isVerified
    ? `it reads ${header.toLowerCase()}, which every client can write`
    : undefined;
}
