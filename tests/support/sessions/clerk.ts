import { createHash, KeyObject, sign } from "node:crypto";
import { createClerkClient, verifyToken } from "@clerk/backend";
import { exportSPKI, generateKeyPair, SignJWT } from "jose";

/** The site whose pages may get the tokens of the tests. */
export const PARTY = "https://app.example";

/** The claims of a Clerk token besides its times, in the second version of Clerk's claims. */
export const CLERK_CLAIMS = {
  azp: PARTY,
  iss: "https://clerk.app.example",
  sub: "user_2ada",
  sid: "sess_2one",
  sts: "active",
  fva: [5, -1],
  v: 2,
  o: { id: "org_2shop", rol: "admin", slg: "shop" },
  pla: "u:free",
};

/** An instance of Clerk: a signing key of the tests, and Clerk's own verifier. */
export async function clerkInstance() {
  const { privateKey, publicKey } = await generateKeyPair("RS256", { extractable: true });
  const jwtKey = await exportSPKI(publicKey);
  const publishableKey = `pk_live_${btoa("clerk.app.example$")}`;
  const client = createClerkClient({
    publishableKey,
    secretKey: "sk_live_of_the_tests",
    jwtKey,
    telemetry: { disabled: true },
  });
  return {
    jwtKey,
    publicKey,
    publishableKey,
    /** The suffix of this instance's cookies when a domain has several instances. */
    suffix: createHash("sha1").update(publishableKey).digest("base64url").slice(0, 8),
    /** Returns a token like Clerk's with changes. A claim that is undefined is omitted. */
    sign(changes: object = {}, header: object = {}): Promise<string> {
      const now = Math.floor(Date.now() / 1000);
      const claims = { iat: now, nbf: now - 10, exp: now + 60, ...CLERK_CLAIMS, ...changes };
      return new SignJWT(JSON.parse(JSON.stringify(claims)) as object as Record<string, unknown>)
        .setProtectedHeader({ alg: "RS256", typ: "JWT", kid: "ins_2tests", ...header })
        .sign(privateKey, { crit: { ext: true } });
    },
    /** Returns any text and its signature by RSA with SHA-256. */
    seal(text: string): string {
      const signature = sign("sha256", Buffer.from(text), KeyObject.from(privateKey));
      return `${text}.${signature.toString("base64url")}`;
    },
    /** Returns the user of a request according to Clerk. */
    async userOfRequest(request: Request): Promise<string | undefined> {
      const state = await client.authenticateRequest(request, { authorizedParties: [PARTY] });
      return (state.status === "signed-in" && state.toAuth().userId) || undefined;
    },
    /** Returns the user of a token according to Clerk. */
    async userOf(token: string): Promise<string | undefined> {
      const verified = verifyToken(token, { jwtKey, authorizedParties: [PARTY] });
      return (await verified.catch(() => undefined))?.sub;
    },
  };
}
