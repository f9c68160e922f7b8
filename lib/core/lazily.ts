/**
 * Returns an object that is made when something of it is first used. So a module can have it at its top
 * although what it needs, such as the environment, is there only when a request comes.
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
      // A method's `this` is the object itself: some of it may be private.
      return typeof value === "function" ? (value.bind(object) as unknown) : value;
    },
    has: (_, name) => Reflect.has(made(), name),
    // Both for `{ ...object }`, which would be empty without them.
    ownKeys: () => Reflect.ownKeys(made()),
    getOwnPropertyDescriptor: (_, name) =>
      Object.hasOwn(made(), name)
        ? { value: Reflect.get(made(), name) as unknown, enumerable: true, configurable: true }
        : undefined,
  });
}

/** Returns a function that makes a value when it is first called, and returns that value from then on. */
export function once<T>(make: () => T): () => T {
  let made: { readonly value: T } | undefined;
  return () => {
    made ??= { value: make() };
    return made.value;
  };
}
