import { type Finding, finding, WHOLE_MATCHER } from "./findings.ts";
import type { Build } from "./manifests.ts";

/** Returns findings about a gate that never runs, or that a client can avoid. */
export function middlewareFindings(build: Build): Finding[] {
  const none = whyNone(build);
  return none === undefined ? conditionFindings(build) : [noMiddleware(none)];
}

function whyNone({ matchers, middlewareFile, isExported, holdsGate }: Build): string | undefined {
  if (isExported) return 'output is "export": the build has only files, and no middleware runs';
  if (matchers?.length === 0) return "the matcher of the middleware is empty, so it never runs";
  if (matchers && holdsGate === false) {
    return "the middleware of the build is not the gate's, so no rule is ever checked";
  }
  if (matchers) return undefined;
  return middlewareFile === undefined
    ? "the build has no middleware, so no rule is ever checked"
    : `${middlewareFile} exists, but the build has no middleware: Next only uses it beside the app's folder (src/ if the app is src/app), with an ending of pageExtensions, when it builds`;
}

function noMiddleware(given: string): Finding {
  return finding("NO_MIDDLEWARE", ["matcher", "none"], {
    subject: "middleware.ts",
    given,
    allowed: "a middleware.ts that exports headgate(policy, …) and a matcher",
  });
}

function conditionFindings({ matchers = [] }: Build): Finding[] {
  return matchers.flatMap(({ originalSource, regexp, has, missing }) => {
    const kinds = [...(has?.length ? ["has"] : []), ...(missing?.length ? ["missing"] : [])];
    if (kinds.length === 0) return [];
    return [
      finding("MATCHER_CONDITION", ["matcher", originalSource ?? regexp], {
        subject: "middleware.ts",
        given: `the matcher has ${kinds.join(" and ")}: clients can choose whether rules are checked`,
        allowed: `a matcher without conditions: ${WHOLE_MATCHER}`,
      }),
    ];
  });
}
