/** Thrown where a file cannot be wrapped by insertions alone. */
export class CannotWrap extends Error {
  /** The offset in the source of what stands in the way. */
  readonly at: number;

  /** @param reason what stands in the way, and what to do, in a whole sentence */
  constructor(at: number, reason: string) {
    super(reason);
    this.at = at;
  }
}
