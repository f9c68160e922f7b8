/** What decides where addresses come from. */
export interface AddressEnvironment {
  /** CLIENT_IP_FROM, if set. */
  readonly clientIpFrom?: string | undefined;
  /** Given by our own server to its own process, if it started this one. */
  readonly socketNonce?: string | undefined;
  readonly onVercel: boolean;
  readonly onCloudflare: boolean;
  readonly production: boolean;
}

/** One way to find the client's address in a request: a platform, or what stands before the app. */
export interface Platform<Source extends { readonly from: string }> {
  readonly name: Source["from"];
  /** Its place in lists; where the markers of two platforms are there, the one that is meant. */
  readonly place: number;
  /** How CLIENT_IP_FROM is written for it. */
  readonly form: string;
  /** What the form's letter stands for. */
  readonly note?: string;
  /** Who alone can give it, where a person cannot. */
  readonly givenBy?: string;
  /**
   * The header that it puts in the place of whatever the client sent, where that is always the same one.
   * Where addresses come from elsewhere, a request that carries it is a doubt, and our own server drops it.
   */
  readonly header?: string;
  /** The network that its header comes from: a request from elsewhere has made the header up. */
  readonly network?: {
    readonly owner: string;
    has(address: string): boolean;
  };
  /** True where no other header than its own names a client: the platform drops or reads them all. */
  readonly knowsOthers?: true;

  /**
   * Reads CLIENT_IP_FROM; undefined where its value is not of this form.
   *
   * @throws {HeadgateError} ENV_INVALID for a value of this form that cannot be meant
   */
  read(value: string, environment: AddressEnvironment): Source | undefined;
  /** Returns the source where CLIENT_IP_FROM is not set, and the platform's own marker is there. */
  detect?(environment: AddressEnvironment): Source | undefined;
  /** Returns the client's address as a header has it; undefined where there is none. */
  address(headers: Headers, source: Source): string | undefined;
  /** Returns the value of CLIENT_IP_FROM for messages, without networks. By default the name. */
  label?(source: Source): string;
  /** Returns the header that is read, where {@link header} is not always it. */
  reads?(source: Source): string;
  /** What CLIENT_IP_FROM should be where another platform is before this one, by that one's name. */
  behind?(source: Source): Readonly<Record<string, string>>;
}

/** What the table in docs/client-address.md says. */
export interface PlatformWords {
  /** A value of CLIENT_IP_FROM. */
  readonly example: string;
  /** Where the app runs. */
  readonly where: string;
  readonly reads: string;
  /** What a client could forge. */
  readonly forged: string;
}

/** Makes the reader of a form that is a name alone. */
export function named<const Name extends string>(name: Name) {
  return (value: string): { readonly from: Name } | undefined =>
    value === name ? { from: name } : undefined;
}
