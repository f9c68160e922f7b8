import { PHASE_DEVELOPMENT_SERVER, PHASE_PRODUCTION_BUILD } from "next/constants.js";
import { withHeadgate } from "headgate/plugin";

const EXTENSIONS = ["tsx", "ts"];

/** @type {import("next").NextConfig} */
const config = {
  poweredByHeader: false,
  // Other names of routes: withHeadgate hands them to the gate, which counts their requests with the others.
  rewrites: async () => [],
  // `npm run dev` prints this address, and Next would refuse it the socket that reloads pages.
  allowedDevOrigins: ["127.0.0.1"],
  // The optimizer fetches local paths in the client's place, without its address or user: a way
  // around their limits. The sample has no images; an app that has some allows those paths alone.
  images: { unoptimized: true },
  // Where a lockfile lies in a folder above, Next would take that folder for the project.
  turbopack: { root: import.meta.dirname },
  outputFileTracingRoot: import.meta.dirname,
  // `npm run check` checks the types of the whole tree; a build needs no second look.
  typescript: { ignoreBuildErrors: true },
};

/** @param {string} phase what Next is about to do */
function forPhase(phase) {
  // Pages that end in `.dev.tsx`, and routes, are there in development, and in no build.
  const only = phase === PHASE_DEVELOPMENT_SERVER ? ["dev.tsx", "dev.ts"] : [];
  // What a Worker and a container are made of. It is asked for at the build alone: a server that reads
  // it warns, though it serves the same build.
  const output = phase === PHASE_PRODUCTION_BUILD ? { output: "standalone" } : {};
  return { ...config, ...output, pageExtensions: [...only, ...EXTENSIONS] };
}

export default withHeadgate(forPhase);
