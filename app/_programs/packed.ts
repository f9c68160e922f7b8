/** Where Next's build is, in the tree and in the package. */
export const BUILD_FOLDER = ".next";

/** What the package.json of a package says. */
export interface Manifest {
  readonly name: string;
  readonly version: string;
  readonly private: true;
  readonly type: "module";
  readonly engines: { readonly node: string };
  /** What was packed, for the log. */
  readonly headgate: { readonly policy: string };
}
