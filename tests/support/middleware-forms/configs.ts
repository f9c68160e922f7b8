import type { MiddlewareForm } from "./form.ts";

/** Configs with other members than a matcher, and files whose names are taken. */
export const CONFIGS: readonly MiddlewareForm[] = [
  {
    name: "a config with other members",
    file: "middleware.ts",
    source: String.raw`import { run } from "./own";

export async function middleware(request: Request) {
  return run(request);
}

export const config = {
  runtime: "nodejs",
  matcher: [{ source: "/mine/:path*", has: [{ type: "host", value: "app.example" }] }],
  unstable_allowDynamic: ["/lib/**"],
};
`,
    wrapped: String.raw`import { run } from "./own";
import { gate } from "./gate";

export { gated as middleware };

async function middleware(request: Request) {
  return run(request);
}

export const config = {
  matcher: ["/((?!_next/static/).*)"],
  runtime: "nodejs",
  unstable_allowDynamic: ["/lib/**"],
};

const ownConfig = {
  runtime: "nodejs",
  matcher: [{ source: "/mine/:path*", has: [{ type: "host", value: "app.example" }] }],
  unstable_allowDynamic: ["/lib/**"],
} as const;

const gated = gate.wrap(middleware, ownConfig);
`,
  },
  {
    name: "a config with a type, and a matcher of every form",
    file: "middleware.ts",
    source: String.raw`import type { MiddlewareConfig } from "next/server";
import { run } from "./own";

export const middleware = (request: Request) => run(request);

export const config: MiddlewareConfig = {
  matcher: [
    "/mine/one",
    { source: "/mine/:path*", locale: false, has: [{ type: "host", value: "app.example" }] },
  ],
};
`,
    wrapped: String.raw`import type { MiddlewareConfig } from "next/server";
import { run } from "./own";
import { gate } from "./gate";

export { gated as middleware };

const middleware = (request: Request) => run(request);

export const config: MiddlewareConfig = {
  matcher: ["/((?!_next/static/).*)"],
};

const gated = gate.wrap(middleware, {
  matcher: [
    "/mine/one",
    { source: "/mine/:path*", locale: false, has: [{ type: "host", value: "app.example" }] },
  ],
});
`,
  },
  {
    name: "a config as const, with quoted names",
    file: "middleware.ts",
    source: String.raw`import { run } from "./own";

export default async function middleware(request: Request) {
  return run(request);
}

export const config = { "matcher": ["/mine/:path*"] } as const;
`,
    wrapped: String.raw`import { run } from "./own";
import { gate } from "./gate";

export { gated as middleware, gated as default };

async function middleware(request: Request) {
  return run(request);
}

export const config = { matcher: ["/((?!_next/static/).*)"] };

const gated = gate.wrap(middleware, { "matcher": ["/mine/:path*"] } as const);
`,
  },
  {
    name: "a config without a matcher",
    file: "middleware.ts",
    source: String.raw`import { run } from "./own";

export const config = { runtime: "nodejs" };

export function middleware(request: Request) {
  return run(request);
}
`,
    wrapped: String.raw`import { run } from "./own";
import { gate } from "./gate";

export const config = { runtime: "nodejs" };

export { gated as middleware };

function middleware(request: Request) {
  return run(request);
}

const gated = gate.wrap(middleware);
`,
  },
  {
    name: "names that are taken",
    file: "middleware.ts",
    source: String.raw`import { gate, own, run } from "./own";

const gated = gate(own);

export default async function (request: Request) {
  return gated ? run(request) : undefined;
}

export const config = {
  matcher: ["/mine/:path*"],
};
`,
    wrapped: String.raw`import { gate, own, run } from "./own";
import { gate as headgate } from "./gate";

const gated = gate(own);

export { gatedMiddleware as middleware, gatedMiddleware as default };

async function ownMiddleware(request: Request) {
  return gated ? run(request) : undefined;
}

export const config = {
  matcher: ["/((?!_next/static/).*)"],
};

const gatedMiddleware = headgate.wrap(ownMiddleware, {
  matcher: ["/mine/:path*"],
});
`,
  },
  {
    name: "comments, directives and no import",
    file: "middleware.js",
    source: String.raw`// @ts-check
"use strict";

// The middleware of the app.
export { auth as middleware } from "./own"; // signs in
`,
    wrapped: String.raw`// @ts-check
"use strict";

import { gate } from "./gate";

// The middleware of the app.
export { gated as middleware };

import { auth as middleware } from "./own"; // signs in

const gated = gate.wrap(middleware);
`,
  },
];
