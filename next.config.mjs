/** @type {import("next").NextConfig} */
export default {
  poweredByHeader: false,
  // Where a lockfile lies in a folder above, Next would take that folder for the project.
  turbopack: { root: import.meta.dirname },
  // `npm run check` checks the types of the whole tree; a build needs no second look.
  typescript: { ignoreBuildErrors: true },
};
