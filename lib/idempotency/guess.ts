/**
 * A UUID of any version. A version 1, for example, is made of a clock and an address, and can be
 * guessed.
 */
const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

/** A UUID of version 4 (RFC 9562): 122 random bits. */
const RANDOM_UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/i;

/** 22 characters of base64url hold 132 bits. */
const LONG = /^[\w-]{22,}$/;

/**
 * Returns true for a key of a form that a client makes at random and another client cannot guess: a
 * UUID of version 4, or at least 22 characters of base64url. Only the form is checked: a client that
 * writes a counter in this form has a key that others can guess.
 */
export function isUnguessable(key: string): boolean {
  return UUID.test(key) ? RANDOM_UUID.test(key) : LONG.test(key);
}
