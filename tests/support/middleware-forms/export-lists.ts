import type { MiddlewareForm } from "./form.ts";

/** Exports of other modules, lists of exports, and members of a call. */
export const EXPORT_LISTS: readonly MiddlewareForm[] = [
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
];
