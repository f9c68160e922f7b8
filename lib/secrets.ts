/** Keeps ids and secrets out of the store: by keyed hashes in the place of ids, and by a vault. */
export { createVault, type Vault } from "#lib/core/vault";
export { createKeyedHash, type KeyedHash } from "#lib/identity/keyed-hash";
