import { matchesGlob } from "node:path";
import type { Built, CoveredRoute } from "./coverage.ts";
import { type Finding, finding, listed } from "./findings.ts";
import type { Build } from "./manifests.ts";
import { samplePaths } from "./samples.ts";

/** Returns findings of a build that do not bypass a rule. */
export function warningsOf(
  build: Build,
  covered: readonly CoveredRoute[],
  built: Built,
): readonly Finding[] {
  return [
    ...handOverFindings(build),
    ...imageFindings(build, covered, built),
    ...covered.flatMap((route) => cachedFindings(route, build, built)),
  ];
}

/** Returns findings about cached answers, which have the headers of the first client for all clients. */
function cachedFindings(
  { route, covers }: CoveredRoute,
  { isPrerendered }: Build,
  { gate }: Built,
): Finding[] {
  if (!isPrerendered(route.path)) return [];
  const read = covers.filter(({ methods }) => methods.includes("GET"));
  const showing = new Set(
    read.flatMap(({ rules, someRules }) => [...rules, ...someRules]).filter(gate.showsAlways),
  );
  if (showing.size === 0) return [];
  return [
    finding("COUNTS_CACHED", ["route", route.path], {
      subject: route.file,
      given: `the build made it, so caches keep it for all clients, but ${listed([...showing])} writes one client's counts into it`,
      allowed: 'headers: "denied" for a rule that matches it',
    }),
  ];
}

function handOverFindings({ handedOver }: Build): Finding[] {
  if (handedOver !== "unreadable") return [];
  return [
    finding("REWRITES_UNREADABLE", ["variable", "HEADGATE_REWRITES"], {
      subject: "next.config",
      given:
        "env.HEADGATE_REWRITES is not a list of rewrites; the audit assumes that the gate knows none",
      allowed: "JSON.stringify(rewrites), with the rewrites in next.config's form",
    }),
  ];
}

/**
 * Returns findings about the image optimizer, which requests local paths itself, without the client's address
 * or user.
 */
function imageFindings(
  { optimized }: Build,
  covered: readonly CoveredRoute[],
  { gate, site }: Built,
): Finding[] {
  if (optimized.length === 0) return [];
  const fetched = covered.find(({ route }) => {
    const path = samplePaths(route.path, [])[0] ?? route.path;
    const isLimited = gate.rules("GET", site.route(site.matched(path)))[0].length > 0;
    const isFetched = optimized.some((glob) => matchesGlob(site.matched(path), glob));
    return route.kind === "handler" && route.methods.includes("GET") && isLimited && isFetched;
  });
  if (!fetched) return [];
  return [
    finding("IMAGE_OPTIMIZER", ["route", fetched.route.path], {
      subject: "next.config",
      given:
        "the image optimizer fetches such paths on behalf of clients, without their address or user",
      allowed: "images.localPatterns that name only your images, or images.unoptimized",
    }),
  ];
}
