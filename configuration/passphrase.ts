import { existsSync, readFileSync } from "node:fs";
import { UserError } from "../components/messages/userError.ts";
import { contentOf } from "./file.ts";

/**
 * Refuses an empty passphrase where the stack's secrets are encrypted with one: the CLI accepts it,
 * and anyone could then read the robots' tokens in the state. The CLI itself refuses a missing one.
 *
 * @param file the stack's file, `Pulumi.<stack>.yaml`.
 * @throws UserError with the commands that set a passphrase.
 */
export function requirePassphrase(file: string): void {
    const { PULUMI_CONFIG_PASSPHRASE: passphrase, PULUMI_BACKEND_URL: backend = "" } = process.env;
    // The CLI reads PULUMI_CONFIG_PASSPHRASE_FILE only where this variable is not set at all.
    if (passphrase !== "") return;
    const text = existsSync(file) ? readFileSync(file, "utf8") : "";
    const settings = contentOf(text);
    // One that cannot be read is refused with what is wrong in it.
    if (settings === undefined) return;
    // The salt is in the file, or only in the state. Pulumi Cloud and a KMS need no passphrase.
    const isUsed =
        settings["encryptionsalt"] !== undefined ||
        (/^(file|s3|gs|azblob):/.test(backend) && !settings["secretsprovider"]);
    if (!isUsed) return;
    throw new UserError(
        "PULUMI_CONFIG_PASSPHRASE is empty: anyone could read the secrets in the state. " +
            "Make a passphrase, and say where it is:\n" +
            "  (umask 077 && head -c 32 /dev/urandom | base64 > ~/.mlops-passphrase)\n" +
            "  unset PULUMI_CONFIG_PASSPHRASE; " +
            "export PULUMI_CONFIG_PASSPHRASE_FILE=~/.mlops-passphrase\n" +
            "A stack that was made with the empty one is moved to it by: " +
            "pulumi stack change-secrets-provider passphrase",
    );
}
