import { expect, test } from "vitest";
import { createVault } from "#lib/core/vault";

const vault = createVault("one secret, long enough for all tests");

test("open returns a sealed text under the same name, and two sealed forms of a text differ", async () => {
  for (const text of ["", "a token", "é\0ü", "x".repeat(300_000)]) {
    const sealed = await vault.seal(text, "ada");
    expect(await vault.open(sealed, "ada")).toBe(text);
    expect(await vault.seal(text, "ada")).not.toBe(sealed);
  }
});

test("open returns undefined for another name, another secret, or a changed text", async () => {
  const sealed = await vault.seal("a token", "ada");
  expect(await vault.open(sealed, "grace")).toBeUndefined();
  expect(await createVault("another secret").open(sealed, "ada")).toBeUndefined();
  expect(await vault.open(sealed.slice(0, -8), "ada")).toBeUndefined();
  for (const at of [3, 12, 30]) {
    const other = sealed[at] === "A" ? "B" : "A";
    const changed = sealed.slice(0, at) + other + sealed.slice(at + 1);
    expect(await vault.open(changed, "ada")).toBeUndefined();
  }
});

test.each([null, "", "v1:", "v2:", "v2:a", "v2:AAAA", "v2:!", 7, {}])(
  "open returns undefined for %j, which was never sealed",
  async (it) => {
    expect(await vault.open(it, "ada")).toBeUndefined();
  },
);

test("open reads the form in hex of the earlier release", async () => {
  const sealed = "v1:d074aeda9a55ad892f47f7f3:6e21b7f9b6d71b8e3141a9817dce731ad1b15edf615b87";
  const before = createVault("a secret of the tests, long enough");
  expect(await before.open(sealed, "a place")).toBe("a token");
});
