/** The folder of Next's build, in this tree and in the package. */
export const BUILD_FOLDER = ".next";

/** The fields of a packed app's package.json. */
export interface Manifest {
  readonly name: string;
  readonly version: string;
  readonly private: true;
  readonly type: "module";
  readonly engines: { readonly node: string };
  /** A description of the packed policy, for the log. */
  readonly headgate: { readonly policy: string };
}
