/** Resource data of a change notification, encrypted for the subscriber (RSA-OAEP SHA-1, AES-256-CBC, HMAC-SHA-256). */
import {
  constants,
  createCipheriv,
  createHmac,
  publicEncrypt,
  randomBytes,
  X509Certificate,
} from "node:crypto";

export interface EncryptedContent {
  readonly data: string;
  readonly dataKey: string;
  readonly dataSignature: string;
  readonly encryptionCertificateId: string;
  readonly encryptionCertificateThumbprint: string;
}

/** The certificate of a subscription, or a sentence that says why it cannot be used. */
export function readCertificate(base64: string): X509Certificate | string {
  let certificate: X509Certificate;
  try {
    certificate = new X509Certificate(Buffer.from(base64, "base64"));
  } catch {
    return "The encryption certificate is not a base64-encoded X.509 certificate.";
  }
  const bits = certificate.publicKey.asymmetricKeyDetails?.modulusLength ?? 0;
  if (certificate.publicKey.asymmetricKeyType !== "rsa" || bits < 2048 || bits > 4096) {
    return "The encryption certificate must hold an RSA key of 2048 to 4096 bits.";
  }
  if (new Date(certificate.validTo) < new Date()) {
    return "The encryption certificate has expired.";
  }
  return certificate;
}

/** One symmetric key per item; the vector is the beginning of the key, as Graph does it. */
export function encrypt(
  content: object,
  certificate: X509Certificate,
  certificateId: string,
): EncryptedContent {
  const key = randomBytes(32);
  const cipher = createCipheriv("aes-256-cbc", key, key.subarray(0, 16));
  const data = Buffer.concat([cipher.update(JSON.stringify(content), "utf8"), cipher.final()]);
  const padding = constants.RSA_PKCS1_OAEP_PADDING;
  const dataKey = publicEncrypt({ key: certificate.publicKey, padding, oaepHash: "sha1" }, key);
  return {
    data: data.toString("base64"),
    dataKey: dataKey.toString("base64"),
    dataSignature: createHmac("sha256", key).update(data).digest("base64"),
    encryptionCertificateId: certificateId,
    encryptionCertificateThumbprint: certificate.fingerprint.replaceAll(":", ""),
  };
}
