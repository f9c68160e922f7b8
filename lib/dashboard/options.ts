/** The second argument of a route handler in Next. */
export interface RouteContext {
  /** The values of the path's dynamic segments. */
  params: Promise<unknown>;
}

/** The options that say who may see a dashboard, and who may change what is set. */
export interface DashboardOptions {
  /**
   * Returns true for a request of a person who may see every number and client key. It is called for the
   * page, its script and style, each stream (at least every five minutes), and every other request of the
   * page. False or an error is a 404, so that other people do not learn that there is a dashboard. A response
   * is returned as it is, such as a redirect to your login.
   * @example
   * createDashboard(gate, { authorize: (request) => userOf(request) === "ada" });
   */
  readonly authorize: (request: Request) => boolean | Response | Promise<boolean | Response>;
  /**
   * Returns the name of a person who may change what is set while the app runs: block and allow clients,
   * override limits, set modes, remove entries, and reset clients. The name is kept in the log of changes.
   * Undefined or an error means a person who may only look. It is called after `authorize`, for each stream
   * and each change; the handler must be exported as POST too.
   * @default no request may change anything
   * @example
   * createDashboard(gate, {
   *   authorize: (request) => userOf(request) !== undefined,
   *   admin: (request) => (userOf(request) === "ada" ? "ada" : undefined),
   * });
   */
  readonly admin?:
    | ((request: Request) => string | undefined | Promise<string | undefined>)
    | undefined;
}
