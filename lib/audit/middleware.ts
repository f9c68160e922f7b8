import { type Finding, finding, WHOLE_MATCHER } from "./findings.ts";
import type { Build } from "./manifests.ts";

/** What keeps the gate from being asked at all, or lets a client choose whether it is. */
export function middlewareFindings(build: Build): Finding[] {
  const none = whyNone(build);
  return none === undefined ? conditionFindings(build) : [noMiddleware(none)];
}

function whyNone({ matchers, middlewareFile, isExported, holdsGate }: Build): string | undefined {
  if (isExported) return 'output is "export": the build is files alone, and no middleware runs';
  if (matchers?.length === 0)
    return "the matcher of the middleware is empty, so that it never runs";
  if (matchers && holdsGate === false) {
    return "the middleware of the build is not the gate's, so that no rule is ever asked";
  }
  if (matchers) return undefined;
  return middlewareFile === undefined
    ? "the build has no middleware, so that no rule is ever asked"
    : `${middlewareFile} is there, and the build has no middleware: Next takes it from beside the app's folder (src/ where the app is src/app), with an ending of pageExtensions, when it builds`;
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
        given: `the matcher has ${kinds.join(" and ")}: whoever sends a request chooses whether rules are asked`,
        allowed: `a matcher without conditions: ${WHOLE_MATCHER}`,
      }),
    ];
  });
}
