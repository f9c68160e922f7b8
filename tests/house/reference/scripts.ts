/** What each script of package.json does, in Markdown of docs/reference, by the heading of its group. */
export const SCRIPT_GROUPS: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  "The app": {
    start:
      "Checks the policy, builds when something changed since the last build, starts a store when none is configured, and serves on 127.0.0.1:3000. Prints a line each for the store, the client address, users and the policy, then `ready` and the address. Ends with 0 after SIGTERM or SIGINT, when the requests in flight are answered.",
    dev: "The same with `next dev`: nothing is built, and changes show as you edit. The page `/dev/sign-in` signs in any user that you name; no build has that page.",
    build:
      "Checks the policy and builds. Prints `built`, or `nothing changed since the last build`.",
    pack: "Builds, and makes the folder `dist`, which serves the app on Node 20 or later ([the sample app](../internals/sample.md)).",
    token:
      'Prints a token that signs you in to the sample: `-- --sub artist-1`, with `--role admin` for an admin and `--for "5 minutes"` for another length than 8 hours.',
    analytics:
      "Totals the events that the sample tracked, by day and type. `-- --watch` continues as events arrive; `-- --set-aside` lists events that could not be read; `--days`, `--batch` and `--abandoned` have their ranges in `--help`.",
  },
  "The policy and the gateway": {
    headgate: "The command `headgate`, for example `npm run headgate -- check`.",
    gateway: "`headgate gateway`.",
    "check:policy": "`headgate check`.",
  },
  Cloudflare: {
    "preview:cloudflare":
      "Builds the app as a Worker when something changed, and serves it in workerd on 127.0.0.1:8787 ([Cloudflare Workers](../guides/deploy-cloudflare.md)).",
    "build:cloudflare": "Builds the Worker only.",
    "deploy:cloudflare": "Builds the Worker and uploads it with wrangler.",
  },
  "The package": {
    package:
      "Builds `lib` into the npm package `headgate` and packs it, in `dist/package`. Publishes nothing ([release](../internals/release.md)). Prints each entry and the package with its size.",
    "test:package":
      "Packs the package, installs it with npm and pnpm into apps in a temporary folder, and uses it there. Needs the npm registry and a redis-server on the PATH, and takes 25 to 40 minutes. `-- --only next16-src` runs one case, `-- --list` lists the cases, `-- --package file.tgz` uses a package that was packed before.",
  },
  Checks: {
    check: "All of the following except `check:advisories`; ends at the first that fails.",
    "check:types": "Types, by `tsc`.",
    "check:lint":
      "The rules of the code, and which folder may import which, by oxlint. Fails on a warning too.",
    "check:format": "The format of the code, by oxfmt.",
    "check:unused": "Files, exports and packages that nothing uses, by knip.",
    "check:house":
      "Imports between folders, import cycles, packages that no package.json lists, the number of files on the way of a request, and the length of functions ([rooms](../internals/rooms.md)).",
    "check:words":
      "The [words that are used](../internals/words.md), sentences of more than 40 words in comments, and the subjects of the newest 100 commits. `-- lib/lock` or `-- docs/guides/locks.md` reads the files below a path.",
    "check:reference": "Whether each generated page of docs agrees with the code.",
    "check:size":
      "The size of what runs at the edge ([figures](figures.md#size-at-the-edge)), that it imports nothing of Node, and that [sizes](sizes.md) is up to date.",
    "check:assets":
      "Whether the committed script and style of the dashboard's page agree with their source, and whether the script has at most 39 kB by brotli.",
    "check:advisories":
      "Every package of the lockfile against a list of known advisories ([release](../internals/release.md)). Ends with 1 when a package has one, and with 2 when no list answered.",
  },
  Tests: {
    test: "Every test but those of `test:apps`: a real Redis, a real build, a real browser. Installs redis-server, nginx and chromium-headless-shell first, from Debian's packages where it may; otherwise it says what to install. `npm test -- tests/unit/docs.test.ts` runs one file.",
    "test:unit": "One file of lib, app or config at a time, without a network.",
    "test:contract": "What a store must do, on every store.",
    "test:faults": "One failure of a store of each kind.",
    "test:runtime": "The gate in Node, in the edge runtime and in workerd.",
    "test:e2e": "The built sample over HTTP and in a browser.",
    "test:apps":
      "What needs another build than the sample's, or another server: apps that the tests write, development servers, Workers, nginx, the packed package, the docs ([tests](../internals/tests.md#projects)).",
    "test:spellings":
      "Ten times as many spellings of paths as `npm run test:apps` tries, in nine apps.",
    "test:testing":
      "The projects of the guides to [Jest](../guides/testing-jest.md) and to [Playwright](../guides/testing-end-to-end.md), which it installs into temporary folders beside the built package: `-- headgate-0.1.0.tgz`, by default the one in dist/package. `npm test` does not run it.",
  },
  "Measurements and generated files": {
    faults:
      "Lets a store fail in [each way](../evidence/faults.md) while two instances call it, and prints a line for each miss. `-- --only connection` runs one group, `-- --list` lists the cases. Takes 4 minutes.",
    soak: "Disturbs the app, workers and lock holders at random: `-- --only app`, `dedup` or `locks`. Takes 20 minutes.",
    bench:
      "Measures each part beside what it is compared to ([performance](../evidence/performance.md)). `-- --only tools,locks` measures some parts, `-- --save` writes the figures of the docs, `-- --docs` writes them from what is saved, `-- --help` explains the parts. Some parts need `wrk`. Takes 35 minutes. A missed figure is no failure.",
    reference: "Writes the generated pages of docs.",
    docs: "Builds the site of these pages, serves it on a free port of this machine or on `PORT`, and reloads it as pages change.",
    "docs:build": "Builds the site into `.headgate/docs`.",
    sizes: "Measures what each entry adds to a bundle at the edge, and writes [sizes](sizes.md).",
    assets: "Bundles script and style of the dashboard's page into `lib/dashboard/assets.ts`.",
    pictures:
      "Draws the pictures of the docs, except that of middlewares, which `npm run bench -- --save` draws.",
  },
};
