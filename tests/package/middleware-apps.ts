/** Apps with their own middleware, as in the documentation of its library. */
export interface MiddlewareApp {
  readonly name: string;
  readonly next: 15 | 16;
  /** The packages besides Next and headgate. */
  readonly packages: readonly string[];
  /** The files, by path in the app. */
  readonly files: Readonly<Record<string, string>>;
  /** The file with the wrapped middleware. */
  readonly middleware: string;
  /** The variables of the library. */
  readonly env: Readonly<Record<string, string>>;
  readonly questions: readonly Question[];
}

/** The app's responses, which are the same with and without the gate. */
export interface Question {
  readonly path: string;
  readonly status: number;
  /** The beginning of the `location` header after the origin. Without it the response has no such header. */
  readonly location?: string;
  /** A header of the app's own middleware, and whether the response has it. */
  readonly header?: readonly [name: string, isThere: boolean];
}

const HELLO = `export function GET() {
  return Response.json({ hello: true });
}
`;

const PICTURE = `<svg xmlns="http://www.w3.org/2000/svg" width="1" height="1"></svg>
`;

const nextIntl: MiddlewareApp = {
  name: "next-intl",
  next: 16,
  packages: ["next-intl@4.15.0"],
  files: {
    "i18n/routing.ts": `import {defineRouting} from 'next-intl/routing';

export const routing = defineRouting({
  locales: ['en', 'de'],
  defaultLocale: 'en'
});
`,
    "proxy.ts": String.raw`import createMiddleware from 'next-intl/middleware';
import {routing} from './i18n/routing';

export default createMiddleware(routing);

export const config = {
  // Match all pathnames except for
  // - … if they start with \`/api\`, \`/trpc\`, \`/_next\` or \`/_vercel\`
  // - … the ones containing a dot (e.g. \`favicon.ico\`)
  matcher: '/((?!api|trpc|_next|_vercel|.*\\..*).*)'
};
`.replaceAll("\\`", "`"),
    "app/[locale]/page.tsx": "export default function Page() {\n  return <h1>Hello</h1>;\n}\n",
    "app/api/hello/route.ts": HELLO,
    "public/picture.svg": PICTURE,
  },
  middleware: "proxy.ts",
  env: {},
  questions: [
    { path: "/", status: 307, location: "/en" },
    { path: "/de", status: 200, header: ["link", true] },
    { path: "/api/hello", status: 200, header: ["link", false] },
    { path: "/picture.svg", status: 200, header: ["link", false] },
  ],
};

const clerk: MiddlewareApp = {
  name: "clerk",
  next: 16,
  packages: ["@clerk/nextjs@7.9.17"],
  files: {
    "proxy.ts": String.raw`import { clerkMiddleware, createRouteMatcher } from '@clerk/nextjs/server'

const isProtectedRoute = createRouteMatcher(['/dashboard(.*)'])

export default clerkMiddleware(async (auth, req) => {
  if (isProtectedRoute(req)) await auth.protect()
})

export const config = {
  matcher: [
    // Skip Next.js internals and all static files, unless found in search params
    '/((?!_next|[^?]*\\.(?:html?|css|js(?!on)|jpe?g|webp|png|gif|svg|ttf|woff2?|ico|csv|docx?|xlsx?|zip|webmanifest)).*)',
    // Always run for API routes
    '/(api|trpc)(.*)',
  ],
}
`,
    "app/api/hello/route.ts": HELLO,
    "public/picture.svg": PICTURE,
  },
  middleware: "proxy.ts",
  // A production key names the host of its API, which clients call only from a page.
  env: {
    NEXT_PUBLIC_CLERK_PUBLISHABLE_KEY: `pk_live_${btoa("clerk.example.com$")}`,
    CLERK_SECRET_KEY: "sk_live_of_no_account",
    NEXT_PUBLIC_CLERK_SIGN_IN_URL: "/sign-in",
  },
  questions: [
    { path: "/", status: 200, header: ["x-clerk-auth-status", true] },
    { path: "/dashboard/bills", status: 307, location: "/sign-in?redirect_url=" },
    { path: "/api/hello", status: 200, header: ["x-clerk-auth-status", true] },
    { path: "/picture.svg", status: 200, header: ["x-clerk-auth-status", false] },
  ],
};

const authJs: MiddlewareApp = {
  name: "next-auth-5",
  next: 16,
  packages: ["next-auth@5.0.0-beta.32"],
  files: {
    "auth.ts": `import NextAuth from "next-auth"
import GitHub from "next-auth/providers/github"

export const { handlers, signIn, signOut, auth } = NextAuth({
  providers: [GitHub],
  callbacks: {
    authorized: async ({ auth }) => {
      // Logged in users are authenticated, otherwise redirect to login page
      return !!auth
    },
  },
})
`,
    "app/api/auth/[...nextauth]/route.ts": `import { handlers } from "@/auth"
export const { GET, POST } = handlers
`,
    "proxy.ts": `export { auth as proxy } from "@/auth"

export const config = {
  matcher: ["/((?!api|_next/static|_next/image|favicon.ico).*)"],
}
`,
    "app/api/hello/route.ts": HELLO,
  },
  middleware: "proxy.ts",
  env: { AUTH_SECRET: "a-secret-of-the-tests-that-is-long", AUTH_TRUST_HOST: "true" },
  questions: [
    { path: "/", status: 307, location: "/api/auth/signin?callbackUrl=" },
    { path: "/api/hello", status: 200 },
  ],
};

/** The lazy form of Auth.js, where `auth` returns a function with the type of a route handler. */
const authJsCall: MiddlewareApp = {
  ...authJs,
  name: "next-auth-5-call",
  files: {
    ...authJs.files,
    "proxy.ts": `import { auth } from "@/auth"

export default auth((req) => {
  if (!req.auth && req.nextUrl.pathname !== "/login") {
    const newUrl = new URL("/login", req.nextUrl.origin)
    return Response.redirect(newUrl)
  }
})

export const config = {
  matcher: ["/((?!api|_next/static|_next/image|favicon.ico).*)"],
}
`,
  },
  questions: [
    { path: "/", status: 302, location: "/login" },
    { path: "/api/hello", status: 200 },
  ],
};

const nextAuth4: MiddlewareApp = {
  name: "next-auth-4",
  next: 15,
  packages: ["next-auth@4.24.15"],
  files: {
    "middleware.ts": `export { default } from "next-auth/middleware"

export const config = { matcher: ["/dashboard"] }
`,
    "app/api/hello/route.ts": HELLO,
  },
  middleware: "middleware.ts",
  env: { NEXTAUTH_SECRET: "a-secret-of-the-tests-that-is-long", NEXTAUTH_URL: "http://localhost" },
  questions: [
    { path: "/dashboard", status: 307, location: "/api/auth/signin?callbackUrl=" },
    { path: "/", status: 200 },
    { path: "/api/hello", status: 200 },
  ],
};

const betterAuth: MiddlewareApp = {
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

const supabase: MiddlewareApp = {
  name: "supabase",
  next: 16,
  packages: ["@supabase/ssr@0.12.7", "@supabase/supabase-js@2.119.1"],
  files: {
    "lib/supabase/proxy.ts": `import { createServerClient } from "@supabase/ssr";
import { NextResponse, type NextRequest } from "next/server";

export async function updateSession(request: NextRequest) {
  let supabaseResponse = NextResponse.next({
    request,
  });

  const supabase = createServerClient(
    process.env.NEXT_PUBLIC_SUPABASE_URL!,
    process.env.NEXT_PUBLIC_SUPABASE_PUBLISHABLE_KEY!,
    {
      cookies: {
        getAll() {
          return request.cookies.getAll();
        },
        setAll(cookiesToSet) {
          cookiesToSet.forEach(({ name, value }) => request.cookies.set(name, value));
          supabaseResponse = NextResponse.next({
            request,
          });
          cookiesToSet.forEach(({ name, value, options }) =>
            supabaseResponse.cookies.set(name, value, options),
          );
        },
      },
    },
  );

  const { data } = await supabase.auth.getClaims();
  const user = data?.claims;

  if (
    !user &&
    !request.nextUrl.pathname.startsWith("/login") &&
    !request.nextUrl.pathname.startsWith("/auth")
  ) {
    const url = request.nextUrl.clone();
    url.pathname = "/auth/login";
    return NextResponse.redirect(url);
  }

  return supabaseResponse;
}
`,
    "proxy.ts": String.raw`import { updateSession } from "@/lib/supabase/proxy";
import { type NextRequest } from "next/server";

export async function proxy(request: NextRequest) {
  return await updateSession(request);
}

export const config = {
  matcher: [
    /*
     * Match all request paths except:
     * - _next/static (static files)
     * - _next/image (image optimization files)
     * - favicon.ico (favicon file)
     * - images - .svg, .png, .jpg, .jpeg, .gif, .webp
     * Feel free to modify this pattern to include more paths.
     */
    "/((?!_next/static|_next/image|favicon.ico|.*\\.(?:svg|png|jpg|jpeg|gif|webp)$).*)",
  ],
};
`,
    "public/picture.svg": PICTURE,
  },
  middleware: "proxy.ts",
  env: {
    NEXT_PUBLIC_SUPABASE_URL: "http://127.0.0.1:9",
    NEXT_PUBLIC_SUPABASE_PUBLISHABLE_KEY: "sb_publishable_of_no_project",
  },
  questions: [
    { path: "/notes", status: 307, location: "/auth/login" },
    { path: "/picture.svg", status: 200 },
  ],
};

export const MIDDLEWARE_APPS: readonly MiddlewareApp[] = [
  nextIntl,
  clerk,
  authJs,
  authJsCall,
  nextAuth4,
  betterAuth,
  supabase,
];
