import { HELLO, PICTURE, type MiddlewareApp } from "./app.ts";

export const nextIntl: MiddlewareApp = {
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
