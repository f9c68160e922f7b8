/** A form in which real apps export their middleware, and the result of the change. */
export interface MiddlewareForm {
  readonly name: string;
  readonly file: string;
  readonly source: string;
  readonly wrapped: string;
  /** True if Next 16 rejects the source, which Next 15 accepts. */
  readonly onlyNext15?: true;
}
