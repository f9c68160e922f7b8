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

/** A route handler that every app has. */
export const HELLO = `export function GET() {
  return Response.json({ hello: true });
}
`;

/** A file for which the middleware does not run. */
export const PICTURE = `<svg xmlns="http://www.w3.org/2000/svg" width="1" height="1"></svg>
`;
