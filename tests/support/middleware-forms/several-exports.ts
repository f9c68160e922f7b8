import type { MiddlewareForm } from "./form.ts";

/** Overloads, and files with more than one export. */
export const SEVERAL_EXPORTS: readonly MiddlewareForm[] = [
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
];
