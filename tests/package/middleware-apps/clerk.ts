import { HELLO, PICTURE, type MiddlewareApp } from "./app.ts";

export const clerk: MiddlewareApp = {
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
