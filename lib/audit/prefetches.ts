import { PREFETCH_UNSEEN } from "./prefetch-seen.ts";
import type { CoveredRoute } from "./coverage.ts";
import { type Finding, finding } from "./findings.ts";
import type { Gate } from "./gate.ts";
import type { Build } from "./manifests.ts";

/** What is wrong where rules count prefetches apart. */
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
    given: `${first.rule} counts prefetches apart, and the gate cannot tell them`,
    allowed: PREFETCH_UNSEEN,
  });
  return [...(seesPrefetches ? [] : [unseen]), ...apart.flatMap(handlerFinding)];
}

/** Next prefetches pages alone: of a handler, only a client that wants more would say so. */
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
      given: `${rule} counts prefetches apart, and a client that claims to prefetch has that limit for this handler too`,
      allowed: 'a rule for pages alone, and another for handlers, with prefetch: "count"',
    }),
  ];
}
