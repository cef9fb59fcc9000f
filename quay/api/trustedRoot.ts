import type { TrustedRoot } from "@sigstore/protobuf-specs";
import { z } from "zod";
import { QuayError } from "./errors.ts";
import { parseJson } from "./json.ts";

/** What makes a JSON a trusted root: `TrustedRoot.fromJSON` takes any. */
const form = z.looseObject({ certificateAuthorities: z.array(z.looseObject({})).min(1) });

let fetched: Promise<TrustedRoot> | undefined;

/**
 * Returns the certificate authorities and logs that signatures are verified with: those of the
 * text, or Sigstore's public ones. These come from its TUF repository, once for a process, and are
 * kept in the user's data folder.
 *
 * @param text trusted roots as JSON, one or, as JSON Lines, several.
 * @throws QuayError if the text has none, or if Sigstore's cannot be fetched.
 */
export async function trustedRoots(text?: string): Promise<readonly TrustedRoot[]> {
    if (text !== undefined) return parse(text);
    fetched ??= fetchRoot();
    try {
        return [await fetched];
    } catch (error) {
        fetched = undefined;
        throw error;
    }
}

async function parse(text: string): Promise<readonly TrustedRoot[]> {
    const { TrustedRoot: message } = await import("@sigstore/protobuf-specs");
    const json = (part: string) => form.safeParse(parseJson(new TextEncoder().encode(part)));
    const whole = json(text);
    const all = whole.success
        ? [whole]
        : text
              .split("\n")
              .filter((line) => line.trim() !== "")
              .map(json);
    try {
        if (all.length > 0 && all.every(({ success }) => success))
            return all.map(({ data }) => message.fromJSON(data));
    } catch {
        // Reported below.
    }
    throw new QuayError(
        "trustedRoot is no trusted root of Sigstore: give what `gh attestation trusted-root` or " +
            "`cosign trusted-root create` writes.",
    );
}

async function fetchRoot(): Promise<TrustedRoot> {
    const { DEFAULT_MIRROR_URL, getTrustedRoot } = await import("@sigstore/tuf");
    try {
        return await getTrustedRoot();
    } catch (error) {
        const causes = [];
        for (let at = error; at instanceof Error; at = at.cause) causes.push(at.message);
        throw new QuayError(
            `Sigstore's trusted root could not be fetched from ${DEFAULT_MIRROR_URL}: ` +
                `${causes.join(": ")}. Allow access to it, or give the root as \`trustedRoot\`.`,
        );
    }
}
