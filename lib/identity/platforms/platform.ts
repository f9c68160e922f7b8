/** The settings and markers that decide where addresses come from. */
export interface AddressEnvironment {
  /** CLIENT_IP_FROM; undefined when it is not set. */
  readonly clientIpFrom?: string | undefined;
  /** Our own server's nonce; undefined when another server runs the app. */
  readonly socketNonce?: string | undefined;
  readonly onVercel: boolean;
  readonly onCloudflare: boolean;
  readonly production: boolean;
}

/** One way to find the client's address in a request: that of a platform, or of proxies in front of the app. */
export interface Platform<Source extends { readonly from: string }> {
  readonly name: Source["from"];
  /** The platform's place in lists. When the markers of two platforms are present, the lower place is used. */
  readonly place: number;
  /** The form of CLIENT_IP_FROM for this platform. */
  readonly form: string;
  /** The meaning of the letter in the form. */
  readonly note?: string;
  /** The program that sets this source, when a person cannot. */
  readonly givenBy?: string;
  /**
   * The header that the platform overwrites, when that is always the same one. When addresses come from another
   * source, a request that carries this header is a doubt, and our own server drops the header.
   */
  readonly header?: string;
  /** The network that sends the header. In a request from another address the header is forged. */
  readonly network?: {
    readonly owner: string;
    has(address: string): boolean;
  };
  /** True when no other header can name a client, since the platform drops or reads them all. */
  readonly knowsOthers?: true;

  /**
   * Reads CLIENT_IP_FROM; returns undefined when its value is not of this form.
   *
   * @throws {HeadgateError} ENV_INVALID for an invalid value of this form
   */
  read(value: string, environment: AddressEnvironment): Source | undefined;
  /** Returns the source when CLIENT_IP_FROM is not set, and the platform's own marker is present. */
  detect?(environment: AddressEnvironment): Source | undefined;
  /** Returns the client's address as a header has it; undefined when no header has one. */
  address(headers: Headers, source: Source): string | undefined;
  /** Returns the value of CLIENT_IP_FROM for messages, without networks. By default it is the name. */
  label?(source: Source): string;
  /** Returns the header that is read, when that is not always {@link header}. */
  reads?(source: Source): string;
  /** Returns the right CLIENT_IP_FROM for a platform in front of this one, by the name of that platform. */
  behind?(source: Source): Readonly<Record<string, string>>;
}

/** A row of the table in docs/guides/client-address.md. */
export interface PlatformWords {
  /** A value of CLIENT_IP_FROM. */
  readonly example: string;
  /** Where the app runs. */
  readonly where: string;
  readonly reads: string;
  /** The values that a client could forge. */
  readonly forged: string;
}

/** Makes the reader of a form that is a name alone. */
export function named<const Name extends string>(name: Name) {
  return (value: string): { readonly from: Name } | undefined =>
    value === name ? { from: name } : undefined;
}
