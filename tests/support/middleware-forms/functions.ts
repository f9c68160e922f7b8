import type { MiddlewareForm } from "./form.ts";

/** Functions and constants that are exported where they are declared. */
export const FUNCTIONS: readonly MiddlewareForm[] = [
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
];
