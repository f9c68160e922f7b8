import { matchesGlob } from "node:path";
import { formatSize, readSize } from "#lib/core/size";
import type { Built, CoveredRoute } from "./coverage.ts";
import { type Finding, finding, listed } from "./findings.ts";
import type { Build } from "./manifests.ts";
import { samplePaths } from "./samples.ts";

/** What is worth a look in a build, and leads around no rule. */
export function warningsOf(
  build: Build,
  covered: readonly CoveredRoute[],
  built: Built,
): readonly Finding[] {
  return [
    ...handOverFindings(build),
    ...imageFindings(build, covered, built),
    ...covered.flatMap((route) => cachedFindings(route, build, built)),
    ...bodySizeFindings(build),
  ];
}

/** A cache gives a prerendered answer to all clients, with what it tells of the first one. */
function cachedFindings(
  { route, covers }: CoveredRoute,
  { isPrerendered }: Build,
  { gate }: Built,
): Finding[] {
  if (!isPrerendered(route.path)) return [];
  const read = covers.filter(({ methods }) => methods.includes("GET"));
  const telling = new Set(
    read.flatMap(({ rules, someRules }) => [...rules, ...someRules]).filter(gate.tellsAlways),
  );
  if (telling.size === 0) return [];
  return [
    finding("COUNTS_CACHED", ["route", route.path], {
      subject: route.file,
      given: `the build made it, so that caches keep it for all clients, and ${listed([...telling])} writes one client's counts into it`,
      allowed: 'headers: "denied" for a rule that matches it',
    }),
  ];
}

/** The gate denies larger bodies by what it was told; Next cuts them by its own setting. */
function bodySizeFindings({ cutAt, toldCutAt }: Build): Finding[] {
  const told = readSize(toldCutAt ?? "10mb");
  if (told === cutAt) return [];
  const given =
    told === undefined
      ? "env.HEADGATE_BODY_SIZE is no size"
      : `Next hands on ${formatSize(cutAt)} of a body, and the gate was told ${formatSize(told)}`;
  return [
    finding("BODY_SIZE_DIFFERS", ["variable", "HEADGATE_BODY_SIZE"], {
      subject: "next.config",
      given,
      allowed: "env.HEADGATE_BODY_SIZE with the size of experimental.proxyClientMaxBodySize",
    }),
  ];
}

function handOverFindings({ handedOver }: Build): Finding[] {
  if (handedOver !== "unreadable") return [];
  return [
    finding("REWRITES_UNREADABLE", ["variable", "HEADGATE_REWRITES"], {
      subject: "next.config",
      given: "env.HEADGATE_REWRITES is no list of rewrites; the gate was taken to know none",
      allowed: "JSON.stringify(rewrites), with the rewrites in next.config's form",
    }),
  ];
}

/** The image optimizer asks for local paths itself, without the client's address or user. */
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
        "the image optimizer fetches such paths in the client's place, without its address or user",
      allowed: "images.localPatterns that name your images alone, or images.unoptimized",
    }),
  ];
}
