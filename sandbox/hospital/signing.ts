/** The hospital's signing keys for id tokens (RS256; kid is the base64 SHA-256 of the key, as Epic's is). */
import { createHash } from "node:crypto";
import { CompactSign, calculateJwkThumbprint, exportJWK, generateKeyPair, type JWK } from "jose";

export interface SigningKey {
  readonly privateJwk: JWK;
  readonly publicJwk: JWK;
}

export async function makeSigningKey(): Promise<SigningKey> {
  const { privateKey, publicKey } = await generateKeyPair("RS256", {
    modulusLength: 2048,
    extractable: true,
  });
  const bare = await exportJWK(publicKey);
  const kid = createHash("sha256")
    .update(await calculateJwkThumbprint(bare))
    .digest("base64");
  const named = { kid, use: "sig", alg: "RS256" };
  return { publicJwk: { ...bare, ...named }, privateJwk: { ...(await exportJWK(privateKey)), ...named } };
}

/** Signs claims as they are, right or wrong: for launches that a test made odd. */
export async function signClaims(claims: object, key: SigningKey, signer: SigningKey = key): Promise<string> {
  return new CompactSign(Buffer.from(JSON.stringify(claims)))
    .setProtectedHeader({ alg: "RS256", typ: "JWT", kid: key.publicJwk.kid ?? "" })
    .sign(signer.privateJwk);
}
