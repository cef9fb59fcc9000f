import { createHash } from "node:crypto";
import sodium from "libsodium-wrappers";
import { unprocessable } from "./answers.ts";
import type { SealingKey, Vault } from "./model.ts";

/** Must be awaited before the first vault is created. */
export const ready = sodium.ready;

export function newVault(): Vault {
    return { key: newKey(), secrets: new Map(), variables: new Map() };
}

function newKey(): SealingKey {
    const { publicKey, privateKey } = sodium.crypto_box_keypair();
    // GitHub's key ids are long numbers.
    const id = BigInt(
        `0x${createHash("sha256").update(publicKey).digest("hex").slice(0, 15)}`,
    ).toString();
    return { id, publicKey, privateKey };
}

/** Returns the decrypted value. */
export function unseal({ key }: Vault, keyId: string, sealed: string): string {
    if (keyId !== key.id)
        throw unprocessable("Public key not found. The key may have been rotated: read it again.");
    try {
        return sodium.crypto_box_seal_open(
            Buffer.from(sealed, "base64"),
            key.publicKey,
            key.privateKey,
            "text",
        );
    } catch {
        throw unprocessable(
            "The value is not properly encrypted: it is no sealed box for this public key.",
        );
    }
}
