import { HELLO, type MiddlewareApp } from "./app.ts";

export const betterAuth: MiddlewareApp = {
  name: "better-auth",
  next: 16,
  packages: ["better-auth@1.7.25"],
  files: {
    "proxy.ts": `import { NextRequest, NextResponse } from "next/server";
import { getSessionCookie } from "better-auth/cookies";

export async function proxy(request: NextRequest) {
	const sessionCookie = getSessionCookie(request);

    // THIS IS NOT SECURE!
    // This is the recommended approach to optimistically redirect users
    // We recommend handling auth checks in each page/route
	if (!sessionCookie) {
		return NextResponse.redirect(new URL("/", request.url));
	}

	return NextResponse.next();
}

export const config = {
	matcher: ["/dashboard"], // Specify the routes the middleware applies to
};
`,
    "app/api/hello/route.ts": HELLO,
  },
  middleware: "proxy.ts",
  env: {},
  questions: [
    { path: "/dashboard", status: 307, location: "/" },
    { path: "/", status: 200 },
    { path: "/api/hello", status: 200 },
  ],
};
