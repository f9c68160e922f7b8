/** What keeps ids and secrets out of the store: keyed hashes in the place of ids, and a vault. */
export { createVault, type Vault } from "#lib/core/vault";
export { createKeyedHash, type KeyedHash } from "#lib/identity/keyed-hash";
