/** Keeps what is the app's own, or anybody's, from whoever reads the store. */
export interface Vault {
  /** Encrypts a text for the place that `name` says; in another place it cannot be opened. */
  seal(text: string, name: string): Promise<string>;
  /** The text; undefined where it was sealed for another place, under another secret, or changed. */
  open(sealed: unknown, name: string): Promise<string | undefined>;
}
