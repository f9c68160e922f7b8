/**
 * Returns an object that is made at its first use. So a module can declare it at the top level, although
 * its inputs, such as the environment, are available only during a request.
 *
 * @example
 * const settings = lazily(() => fromEnv());
 */
export function lazily<T extends object>(make: () => T): T {
  const made = once(make);
  return new Proxy({} as T, {
    get(_, name) {
      const object = made();
      const value = Reflect.get(object, name) as unknown;
      // A method's `this` must be the object itself, which may have private fields.
      return typeof value === "function" ? (value.bind(object) as unknown) : value;
    },
    has: (_, name) => Reflect.has(made(), name),
    // `{ ...object }` would be empty without these two.
    ownKeys: () => Reflect.ownKeys(made()),
    getOwnPropertyDescriptor: (_, name) =>
      Object.hasOwn(made(), name)
        ? { value: Reflect.get(made(), name) as unknown, enumerable: true, configurable: true }
        : undefined,
  });
}

/** Returns a function that makes a value at its first call, and returns the same value from then on. */
export function once<T>(make: () => T): () => T {
  let made: { readonly value: T } | undefined;
  return () => {
    made ??= { value: make() };
    return made.value;
  };
}
