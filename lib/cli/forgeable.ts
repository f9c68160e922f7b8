import { freeNamesOf } from "#lib/source/free-names";

/** Names that prove nothing: what a function does with them alone is known to every client. */
const HARMLESS = new Set([
  ..."undefined NaN Infinity Boolean String Number Object Array Math JSON RegExp".split(" "),
  ..."URL URLSearchParams Headers Request Date console".split(" "),
  // What is decoded is not verified.
  ..."atob btoa Buffer TextDecoder Uint8Array decodeURIComponent parseInt parseFloat".split(" "),
]);

/** Headers that are no secret, whatever they are compared with. */
const PUBLIC =
  /["'`](user-agent|referer|origin|host|forwarded|x-forwarded-[a-z]+|x-real-ip|accept-language)["'`]/i;

/** Headers in which secrets are sent: what reads one of them too may compare it with a secret. */
const SECRET = /["'`](authorization|cookie|x-[a-z-]*(?:key|secret|signature|token))["'`]/i;

/** Methods that compare, and verify nothing. */
const COMPARING =
  /\.(?:includes|has|get|test|exec|match|startsWith|endsWith|indexOf|some|every|find)$/;

/** What is known in a build, and no secret. */
const NODE_ENV = /\bprocess\.env(?:\.NODE_ENV|\[["'`]NODE_ENV["'`]\])/g;

/** True where each variable stands in a template alone: what reads one elsewhere may see whether it is set. */
function isTemplateOfUnset(source: string): boolean {
  const inTemplates = source.match(/\$\{\s*process\.env\b/g)?.length ?? 0;
  return inTemplates > 0 && inTemplates === source.match(/\bprocess\.env\b/g)?.length;
}

/**
 * Returns why a client can choose what a condition or a resolver returns; undefined where nothing says so. It
 * is a guess by the function's source: one that refers to nothing outside itself can know no secret and
 * verify no signature, and headers such as User-Agent are none.
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
