import type { MiddlewareForm } from "./form.ts";

/** Calls, arrow functions and names that are exported as the default. */
export const DEFAULT_VALUES: readonly MiddlewareForm[] = [
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
];
