/** Thrown when a file cannot be wrapped only by insertions. */
export class CannotWrap extends Error {
  /** The offset in the source of what prevents it. */
  readonly at: number;

  /** @param reason what prevents it and what to do, in a whole sentence */
  constructor(at: number, reason: string) {
    super(reason);
    this.at = at;
  }
}
