import { PREFETCH_UNSEEN } from "./prefetch-seen.ts";
import type { CoveredRoute } from "./coverage.ts";
import { type Finding, finding } from "./findings.ts";
import type { Gate } from "./gate.ts";
import type { Build } from "./manifests.ts";

/** Returns findings about rules that count prefetches separately. */
export function prefetchFindings(
  { seesPrefetches }: Build,
  covered: readonly CoveredRoute[],
  { countsApart }: Gate,
): readonly Finding[] {
  const apart = covered.flatMap(({ route, covers }) => {
    const read = covers.find(({ methods }) => methods.includes("GET"));
    const rules = [...(read?.rules ?? []), ...(read?.someRules ?? [])].filter(countsApart);
    return rules.map((rule) => ({ route, rule }));
  });
  const [first] = apart;
  if (!first) return [];
  const unseen = finding("PREFETCH_UNSEEN", ["route", first.route.path], {
    subject: "next.config",
    given: `${first.rule} counts prefetches separately, but the gate cannot see them`,
    allowed: PREFETCH_UNSEEN,
  });
  return [...(seesPrefetches ? [] : [unseen]), ...apart.flatMap(handlerFinding)];
}

/**
 * Returns a finding for a handler. Next only prefetches pages, so a client would claim to prefetch a handler
 * only to get a larger limit.
 */
function handlerFinding({
  route,
  rule,
}: {
  route: CoveredRoute["route"];
  rule: string;
}): Finding[] {
  if (route.kind !== "handler" && route.kind !== "generated") return [];
  return [
    finding("PREFETCH_OF_HANDLER", ["route", route.path], {
      subject: route.file,
      given: `${rule} counts prefetches separately, so a client that claims to prefetch gets that limit for this handler too`,
      allowed: 'a rule only for pages, and another for handlers, with prefetch: "count"',
    }),
  ];
}
