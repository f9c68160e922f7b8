/** A form in which real apps export their middleware, and the result of the change. */
export interface MiddlewareForm {
  readonly name: string;
  readonly file: string;
  readonly source: string;
  readonly wrapped: string;
  /** True if Next 16 rejects the source, which Next 15 accepts. */
  readonly onlyNext15?: true;
}

/**
 * The app's own middleware comes from `./own`. With a matcher it runs on /mine and below, and without a
 * matcher on all paths.
 */
export const MIDDLEWARE_FORMS: readonly MiddlewareForm[] = [
  {
    name: "export default function, config after it",
    file: "middleware.ts",
    source: String.raw`import { type NextRequest } from "next/server";
import { run } from "./own";

/** Runs before each request. */
export default function middleware(request: NextRequest) {
  return run(request);
}

export const config = {
  matcher: ["/mine/:path*"],
};
`,
    wrapped: String.raw`import { type NextRequest } from "next/server";
import { run } from "./own";
import { gate } from "./gate";

/** Runs before each request. */
export { gated as middleware, gated as default };

function middleware(request: NextRequest) {
  return run(request);
}

export const config = {
  matcher: ["/((?!_next/static/).*)"],
};

const gated = gate.wrap(middleware, {
  matcher: ["/mine/:path*"],
});
`,
  },
  {
    name: "export default async function without a name",
    file: "middleware.ts",
    source: String.raw`import { run } from "./own";

export default async function (request: Request) {
  return run(request);
}

export const config = {
  matcher: ["/mine/:path*"],
};
`,
    wrapped: String.raw`import { run } from "./own";
import { gate } from "./gate";

export { gated as middleware, gated as default };

async function own(request: Request) {
  return run(request);
}

export const config = {
  matcher: ["/((?!_next/static/).*)"],
};

const gated = gate.wrap(own, {
  matcher: ["/mine/:path*"],
});
`,
  },
  {
    name: "export default function without a config",
    file: "middleware.ts",
    source: String.raw`import { run } from './own'

export default function middleware(request: Request) {
  return run(request)
}
`,
    wrapped: String.raw`import { run } from './own'
import { gate } from './gate'

export default gate.wrap(middleware)

function middleware(request: Request) {
  return run(request)
}
`,
  },
  {
    name: "export default function, config before it",
    file: "middleware.ts",
    source: String.raw`import { run } from "./own";

export const config = { matcher: "/mine/:path*" };

export default async function middleware(request: Request) {
  return run(request);
}
`,
    wrapped: String.raw`import { run } from "./own";
import { gate } from "./gate";

export const config = { matcher: ["/((?!_next/static/).*)"] };

const ownConfig = { matcher: "/mine/:path*" };

export default gate.wrap(middleware, ownConfig);

async function middleware(request: Request) {
  return run(request);
}
`,
  },
  {
    name: "export function middleware",
    file: "middleware.ts",
    source: String.raw`import type { NextRequest } from "next/server";
import { run } from "./own";

export function middleware(request: NextRequest) {
  return run(request);
}

// Where it runs.
export const config = {
  /* Only here. */
  matcher: [
    "/mine/:path*", // and nowhere else
  ],
};
`,
    wrapped: String.raw`import type { NextRequest } from "next/server";
import { run } from "./own";
import { gate } from "./gate";

export { gated as middleware };

function middleware(request: NextRequest) {
  return run(request);
}

// Where it runs.
export const config = {
  matcher: ["/((?!_next/static/).*)"],
};

const gated = gate.wrap(middleware, {
  /* Only here. */
  matcher: [
    "/mine/:path*", // and nowhere else
  ],
});
`,
  },
  {
    name: "export async function proxy",
    file: "proxy.ts",
    source: String.raw`import type { NextRequest } from "next/server";
import { run } from "./own";

export async function proxy(request: NextRequest) {
  return run(request);
}

export const config = {
  matcher: ["/mine/:path*"],
};
`,
    wrapped: String.raw`import type { NextRequest } from "next/server";
import { run } from "./own";
import { gate } from "./gate";

export { gated as proxy };

async function proxy(request: NextRequest) {
  return run(request);
}

export const config = {
  matcher: ["/((?!_next/static/).*)"],
};

const gated = gate.wrap(proxy, {
  matcher: ["/mine/:path*"],
});
`,
  },
  {
    name: "export function proxy without a config",
    file: "proxy.js",
    source: String.raw`import { run } from "./own";

export function proxy(request) {
  return run(request);
}
`,
    wrapped: String.raw`import { run } from "./own";
import { gate } from "./gate";

export { gated as proxy };

function proxy(request) {
  return run(request);
}

const gated = gate.wrap(proxy);
`,
  },
  {
    name: "export const middleware, an arrow with a type",
    file: "middleware.ts",
    source: String.raw`import type { NextMiddleware } from "next/server";
import { run } from "./own";

export const middleware: NextMiddleware = async (request) => {
  return run(request);
};

export const config = {
  matcher: ["/mine/:path*"],
};
`,
    wrapped: String.raw`import type { NextMiddleware } from "next/server";
import { run } from "./own";
import { gate } from "./gate";

export { gated as middleware };

const middleware: NextMiddleware = async (request) => {
  return run(request);
};

export const config = {
  matcher: ["/((?!_next/static/).*)"],
};

const gated = gate.wrap(middleware, {
  matcher: ["/mine/:path*"],
});
`,
  },
  {
    name: "export const middleware without a config",
    file: "src/middleware.ts",
    source: String.raw`import type { NextMiddleware } from "next/server";
import { run } from "./own";

export const middleware: NextMiddleware = async (request) => run(request);
`,
    wrapped: String.raw`import type { NextMiddleware } from "next/server";
import { run } from "./own";
import { gate } from "./gate";

export const middleware: NextMiddleware = gate.wrap(async (request) => run(request));
`,
  },
  {
    name: "export const proxy, a call",
    file: "proxy.ts",
    source: String.raw`import { withOwn } from "./own"

export const proxy = withOwn()

export const config = { matcher: ["/mine/:path*"] }
`,
    wrapped: String.raw`import { withOwn } from "./own"
import { gate } from "./gate"

export { gated as proxy }

const proxy = withOwn()

export const config = { matcher: ["/((?!_next/static/).*)"] }

const gated = gate.wrap(proxy, { matcher: ["/mine/:path*"] })
`,
  },
  {
    name: "export default of a call, config after it",
    file: "middleware.ts",
    source: String.raw`import { withOwn } from "./own";

export default withOwn(async (seen, request) => {
  seen(request.nextUrl.pathname);
});

export const config = {
  matcher: ["/mine/:path*"],
};
`,
    wrapped: String.raw`import { withOwn } from "./own";
import { gate } from "./gate";

export { gated as middleware, gated as default };

const own = withOwn(async (seen, request) => {
  seen(request.nextUrl.pathname);
});

export const config = {
  matcher: ["/((?!_next/static/).*)"],
};

const gated = gate.wrap(own, {
  matcher: ["/mine/:path*"],
});
`,
  },
  {
    name: "export default of a call without a config",
    file: "middleware.ts",
    source: String.raw`import { withOwn } from './own';

export default withOwn();
`,
    wrapped: String.raw`import { withOwn } from './own';
import { gate } from './gate';

export default gate.wrap(withOwn());
`,
  },
  {
    name: "export default of a call, config before it",
    file: "middleware.ts",
    source: String.raw`import { withOwn } from "./own";

export const config = {
  matcher: ["/mine/:path*"],
};

export default withOwn();
`,
    wrapped: String.raw`import { withOwn } from "./own";
import { gate } from "./gate";

export const config = {
  matcher: ["/((?!_next/static/).*)"],
};

const ownConfig = {
  matcher: ["/mine/:path*"],
};

export default gate.wrap(withOwn(), ownConfig);
`,
  },
  {
    name: "export default of a call whose type may be a promise",
    file: "middleware.ts",
    source: String.raw`import { type MiddlewareConfig } from "next/server";
import { run, withEither } from "./own";

export default withEither(run, { publicPaths: ["/", /\/join(?=\?|$)/] });

export const config: MiddlewareConfig = {
  matcher: ["/mine/:path*"],
};
`,
    wrapped: String.raw`import { type MiddlewareConfig } from "next/server";
import { run, withEither } from "./own";
import { gate } from "./gate";

export { gated as middleware, gated as default };

const own = withEither(run, { publicPaths: ["/", /\/join(?=\?|$)/] });

export const config: MiddlewareConfig = {
  matcher: ["/((?!_next/static/).*)"],
};

const gated = gate.wrap(own, {
  matcher: ["/mine/:path*"],
});
`,
  },
  {
    name: "export default of an arrow",
    file: "middleware.js",
    source: String.raw`import { run } from "./own"

export default (request) => run(request)

export const config = {
  matcher: ["/mine/:path*"],
}
`,
    wrapped: String.raw`import { run } from "./own"
import { gate } from "./gate"

export { gated as middleware, gated as default }

const own = (request) => run(request)

export const config = {
  matcher: ["/((?!_next/static/).*)"],
}

const gated = gate.wrap(own, {
  matcher: ["/mine/:path*"],
})
`,
  },
  {
    name: "export default of an imported name",
    file: "middleware.ts",
    source: String.raw`import { auth } from "./own";

export default auth;

export const config = {
  matcher: ["/mine/:path*"],
};
`,
    wrapped: String.raw`import { auth } from "./own";
import { gate } from "./gate";

export { gated as middleware, gated as default };

const own = auth;

export const config = {
  matcher: ["/((?!_next/static/).*)"],
};

const gated = gate.wrap(own, {
  matcher: ["/mine/:path*"],
});
`,
  },
  {
    name: "export default of a name in the file",
    file: "middleware.ts",
    source: String.raw`import { withOwn } from "./own";

const middleware = withOwn();

export default middleware;

export const config = {
  matcher: ["/mine/:path*"],
};
`,
    wrapped: String.raw`import { withOwn } from "./own";
import { gate } from "./gate";

const middleware = withOwn();

export { gated as middleware, gated as default };

const own = middleware;

export const config = {
  matcher: ["/((?!_next/static/).*)"],
};

const gated = gate.wrap(own, {
  matcher: ["/mine/:path*"],
});
`,
  },
  {
    name: "export default with satisfies",
    file: "middleware.ts",
    source: String.raw`import type { MiddlewareConfig, NextMiddleware } from "next/server";
import { run } from "./own";

export default ((request) => run(request)) satisfies NextMiddleware;

export const config = {
  matcher: ["/mine/:path*", { source: "/mine", missing: [{ type: "header", key: "x-none" }] }],
} satisfies MiddlewareConfig;
`,
    wrapped: String.raw`import type { MiddlewareConfig, NextMiddleware } from "next/server";
import { run } from "./own";
import { gate } from "./gate";

export { gated as middleware, gated as default };

const own = ((request) => run(request)) satisfies NextMiddleware;

export const config = {
  matcher: ["/((?!_next/static/).*)"],
};

const gated = gate.wrap(own, {
  matcher: ["/mine/:path*", { source: "/mine", missing: [{ type: "header", key: "x-none" }] }],
} satisfies MiddlewareConfig);
`,
  },
  {
    name: "export default with as any",
    file: "middleware.ts",
    source: String.raw`import { auth } from "./own";

export default auth as any;
`,
    wrapped: String.raw`import { auth } from "./own";
import { gate } from "./gate";

export default gate.wrap(auth as any);
`,
  },
  {
    name: "export of another module under the name",
    file: "middleware.ts",
    source: String.raw`export { auth as middleware } from "./own";
`,
    wrapped: String.raw`import { gate } from "./gate";

export { gated as middleware };

import { auth as middleware } from "./own";

const gated = gate.wrap(middleware);
`,
  },
  {
    name: "export of another module under the name, with others and a config",
    file: "proxy.ts",
    source: String.raw`export { auth as proxy, run, type Seen } from "./own";

export const config = {
  matcher: ["/mine/:path*"],
};
`,
    wrapped: String.raw`import { gate } from "./gate";

export { gated as proxy, run, type Seen };

import { auth as proxy, run, type Seen } from "./own";

export const config = {
  matcher: ["/((?!_next/static/).*)"],
};

const gated = gate.wrap(proxy, {
  matcher: ["/mine/:path*"],
});
`,
  },
  {
    name: "export of another module's default",
    file: "middleware.ts",
    source: String.raw`export { default } from "./own"

export const config = { matcher: ["/mine/:path*"] }
`,
    wrapped: String.raw`import { gate } from "./gate"

import own from "./own"

export { gated as middleware }

export { default } from "./own"

export const config = { matcher: ["/((?!_next/static/).*)"] }

const gated = gate.wrap(own, { matcher: ["/mine/:path*"] })
`,
    onlyNext15: true,
  },
  {
    name: "export of another module's default under the name",
    file: "middleware.js",
    source: String.raw`export { default as middleware } from "./own";
`,
    wrapped: String.raw`import { gate } from "./gate";

export { gated as middleware };

import { default as middleware } from "./own";

const gated = gate.wrap(middleware);
`,
  },
  {
    name: "export { x as default }",
    file: "middleware.ts",
    source: String.raw`import { run } from "./own";

const handle = (request: Request) => run(request);

export { handle as default };

export const config = {
  matcher: ["/mine/:path*"],
};
`,
    wrapped: String.raw`import { run } from "./own";
import { gate } from "./gate";

const handle = (request: Request) => run(request);

export { handle as own, gated as middleware, gated as default };

export const config = {
  matcher: ["/((?!_next/static/).*)"],
};

const gated = gate.wrap(handle, {
  matcher: ["/mine/:path*"],
});
`,
    onlyNext15: true,
  },
  {
    name: "export { x as middleware } before x has its value",
    file: "middleware.ts",
    source: String.raw`import { run } from "./own";

export { handle as middleware };

export const config = { matcher: ["/mine/:path*"] };

const handle = (request: Request) => run(request);
`,
    wrapped: String.raw`import { run } from "./own";
import { gate } from "./gate";

export { handle as own, gated as middleware };

export const config = { matcher: ["/((?!_next/static/).*)"] };

const ownConfig = { matcher: ["/mine/:path*"] };

const handle = (request: Request) => run(request);

const gated = gate.wrap(handle, ownConfig);
`,
  },
  {
    name: "export { middleware } after its declaration",
    file: "middleware.ts",
    source: String.raw`import { run } from "./own";

function middleware(request: Request) {
  return run(request);
}

export { middleware };

export const config = {
  matcher: ["/mine/:path*"],
};
`,
    wrapped: String.raw`import { run } from "./own";
import { gate } from "./gate";

function middleware(request: Request) {
  return run(request);
}

export { gated as middleware };

export const config = {
  matcher: ["/((?!_next/static/).*)"],
};

const gated = gate.wrap(middleware, {
  matcher: ["/mine/:path*"],
});
`,
  },
  {
    name: "export const { auth: middleware }",
    file: "middleware.ts",
    source: String.raw`import { OwnAuth } from "./own";

export const { auth: middleware, signIn } = OwnAuth({ providers: [] });

export const config = {
  matcher: ["/mine/:path*"],
};
`,
    wrapped: String.raw`import { OwnAuth } from "./own";
import { gate } from "./gate";

export { gated as middleware, signIn };

const { auth: middleware, signIn } = OwnAuth({ providers: [] });

export const config = {
  matcher: ["/((?!_next/static/).*)"],
};

const gated = gate.wrap(middleware, {
  matcher: ["/mine/:path*"],
});
`,
    onlyNext15: true,
  },
  {
    name: "export const { auth: middleware }, config before it",
    file: "middleware.ts",
    source: String.raw`import { OwnAuth } from "./own";

export const config = {
  matcher: ["/mine/:path*"],
};

export const { auth: middleware } = OwnAuth({ providers: [] });
`,
    wrapped: String.raw`import { OwnAuth } from "./own";
import { gate } from "./gate";

export const config = {
  matcher: ["/((?!_next/static/).*)"],
};

const ownConfig = {
  matcher: ["/mine/:path*"],
};

export { gated as middleware };

const { auth: middleware } = OwnAuth({ providers: [] });

const gated = gate.wrap(middleware, ownConfig);
`,
    onlyNext15: true,
  },
  {
    name: "export default of a member of a call",
    file: "proxy.ts",
    source: String.raw`import { OwnAuth } from "./own"

export default OwnAuth({ providers: [] }).auth

export const config = {
  matcher: ["/mine/:path*"],
}
`,
    wrapped: String.raw`import { OwnAuth } from "./own"
import { gate } from "./gate"

export { gated as proxy, gated as default }

const own = OwnAuth({ providers: [] }).auth

export const config = {
  matcher: ["/((?!_next/static/).*)"],
}

const gated = gate.wrap(own, {
  matcher: ["/mine/:path*"],
})
`,
  },
  {
    name: "module.exports, a function",
    file: "middleware.js",
    source: String.raw`const { run } = require("./own");

module.exports = function middleware(request) {
  return run(request);
};
`,
    wrapped: String.raw`const { gate } = require("./gate");

const { run } = require("./own");

module.exports = gate.wrap(function middleware(request) {
  return run(request);
});
`,
    onlyNext15: true,
  },
  {
    name: "module.exports, an object",
    file: "middleware.js",
    source: String.raw`const { run } = require('./own')

function middleware(request) {
  return run(request)
}

module.exports = { middleware }
`,
    wrapped: String.raw`const { gate } = require('./gate')

const { run } = require('./own')

function middleware(request) {
  return run(request)
}

module.exports = { middleware: gate.wrap(middleware) }
`,
    onlyNext15: true,
  },
  {
    name: "exports.middleware",
    file: "middleware.js",
    source: String.raw`"use strict";

const { run } = require("./own");

exports.middleware = async (request) => run(request);
`,
    wrapped: String.raw`"use strict";

const { gate } = require("./gate");

const { run } = require("./own");

exports.middleware = gate.wrap(async (request) => run(request));
`,
    onlyNext15: true,
  },
  {
    name: "module.exports.middleware",
    file: "middleware.js",
    source: String.raw`const { auth } = require("./own");

module.exports.middleware = auth;
`,
    wrapped: String.raw`const { gate } = require("./gate");

const { auth } = require("./own");

module.exports.middleware = gate.wrap(auth);
`,
    onlyNext15: true,
  },
  {
    name: "overloads of export function middleware",
    file: "middleware.ts",
    source: String.raw`import { run } from "./own";

export function middleware(request: Request): Response;
export function middleware(request: Request, event: unknown): Response;
export function middleware(request: Request): Response {
  return run(request);
}

export const config = {
  matcher: ["/mine/:path*"],
};
`,
    wrapped: String.raw`import { run } from "./own";
import { gate } from "./gate";

export { gated as middleware };

function middleware(request: Request): Response;
/* export */ function middleware(request: Request, event: unknown): Response;
/* export */ function middleware(request: Request): Response {
  return run(request);
}

export const config = {
  matcher: ["/((?!_next/static/).*)"],
};

const gated = gate.wrap(middleware, {
  matcher: ["/mine/:path*"],
});
`,
  },
  {
    name: "overloads of export default function",
    file: "middleware.ts",
    source: String.raw`import { run } from "./own";

export default function own(request: Request): Response;
export default function own(request: Request): Response {
  return run(request);
}

export const config = {
  matcher: ["/mine/:path*"],
};
`,
    wrapped: String.raw`import { run } from "./own";
import { gate } from "./gate";

export { gated as middleware };

export default function own(request: Request): Response;
export default function own(request: Request): Response {
  return run(request);
}

export const config = {
  matcher: ["/((?!_next/static/).*)"],
};

const gated = gate.wrap(own, {
  matcher: ["/mine/:path*"],
});
`,
  },
  {
    name: "a named export beside a default export",
    file: "middleware.ts",
    source: String.raw`import { other, run } from "./own";

export default function fallback() {
  return other();
}

export function middleware(request: Request) {
  return run(request);
}

export const config = {
  matcher: ["/mine/:path*"],
};
`,
    wrapped: String.raw`import { other, run } from "./own";
import { gate } from "./gate";

export default function fallback() {
  return other();
}

export { gated as middleware };

function middleware(request: Request) {
  return run(request);
}

export const config = {
  matcher: ["/((?!_next/static/).*)"],
};

const gated = gate.wrap(middleware, {
  matcher: ["/mine/:path*"],
});
`,
  },
  {
    name: "a default export beside a name that Next does not run",
    file: "proxy.ts",
    source: String.raw`import { other, run } from "./own";

export const middleware = other;

export default function proxy(request: Request) {
  return run(request);
}

export const config = {
  matcher: ["/mine/:path*"],
};
`,
    wrapped: String.raw`import { other, run } from "./own";
import { gate } from "./gate";

export const middleware = other;

export { gated as proxy, gated as default };

function proxy(request: Request) {
  return run(request);
}

export const config = {
  matcher: ["/((?!_next/static/).*)"],
};

const gated = gate.wrap(proxy, {
  matcher: ["/mine/:path*"],
});
`,
  },
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
