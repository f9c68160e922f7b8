import { HELLO, type MiddlewareApp } from "./app.ts";

export const authJs: MiddlewareApp = {
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
export const authJsCall: MiddlewareApp = {
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

export const nextAuth4: MiddlewareApp = {
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
