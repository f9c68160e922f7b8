import { PHASE_DEVELOPMENT_SERVER } from "next/constants.js";

const EXTENSIONS = ["tsx", "ts"];

/**
 * Other names of routes. The gate is told of them, and counts whoever comes by one like all others.
 *
 * @type {import("next/dist/lib/load-custom-routes").Rewrite[]}
 */
const rewrites = [];

/** @type {import("next").NextConfig} */
const config = {
  poweredByHeader: false,
  rewrites: async () => rewrites,
  env: { HEADGATE_REWRITES: JSON.stringify(rewrites) },
  // `npm run dev` prints this address, and Next would refuse it the socket that reloads pages.
  allowedDevOrigins: ["127.0.0.1"],
  // The optimizer fetches local paths in the client's place, without its address or user: a way
  // around their limits. The sample has no images; an app that has some allows those paths alone.
  images: { unoptimized: true },
  // Where a lockfile lies in a folder above, Next would take that folder for the project.
  turbopack: { root: import.meta.dirname },
  // `npm run check` checks the types of the whole tree; a build needs no second look.
  typescript: { ignoreBuildErrors: true },
};

/**
 * `npm run pack` builds beside the build of `npm start`, and has Next trace which files it needs. Next
 * edits no tsconfig that extends another: the tree's own stays as it is.
 *
 * @type {import("next").NextConfig}
 */
const packed = {
  output: "standalone",
  distDir: ".headgate/next",
  typescript: { ...config.typescript, tsconfigPath: "lib/cli/pack.tsconfig.json" },
};

/** @param {string} phase what Next is about to do */
export default function forPhase(phase) {
  // Pages that end in `.dev.tsx`, and routes, are there in development, and in no build.
  const only = phase === PHASE_DEVELOPMENT_SERVER ? ["dev.tsx", "dev.ts"] : [];
  const packing = process.env["HEADGATE_PACK"] === "1" ? packed : {};
  return { ...config, ...packing, pageExtensions: [...only, ...EXTENSIONS] };
}
