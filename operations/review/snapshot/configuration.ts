/** The secrets in a stack's file, and the file that a preview on a snapshot has in its place. */
import { createHash } from "node:crypto";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import * as yaml from "yaml";
import { z } from "zod";
import { contentOf, topKeys } from "../../../configuration/file.ts";
import type { SnapshotBackend } from "./backend.ts";
import { markOf } from "./marks.ts";

const encrypted = z.strictObject({ secure: z.string() });

/** A secret in a stack's file. */
export interface FileSecret {
    /** From the configuration's key on: `["mlops:env", "PASSWORD"]`. */
    readonly path: readonly (string | number)[];
    /** Its encrypted text. */
    readonly cipher: string;
}

/** Returns the secrets in a stack's file; none if there is no file, or it cannot be read. */
export function secretsInFile(stack: string): FileSecret[] {
    return find(contentOf(textOf(stack))?.["config"], []);
}

/** Returns the name of a secret in the snapshot: its encrypted text may be too long for one. */
export function nameOf({ cipher }: FileSecret): string {
    return createHash("sha256").update(cipher).digest("hex");
}

/**
 * Writes the stack's file for a preview on its snapshot: with the marks in the place of the
 * secrets. A secret that the snapshot does not know has a mark of its own, so it counts as changed.
 *
 * @returns the file, for `--config-file`.
 */
export async function writeConfiguration(snapshot: SnapshotBackend): Promise<string> {
    const secrets = secretsInFile(snapshot.stack);
    const known = snapshot.read().marks;
    const names = secrets.map(nameOf).filter((name) => !known.has(name));
    await snapshot.add(Object.fromEntries(names.map((name) => [name, markOf(name)])));
    const { salt, marks } = snapshot.read();
    const text = secrets.reduce(
        (text, secret) => text.replaceAll(secret.cipher, marks.get(nameOf(secret)) ?? ""),
        textOf(snapshot.stack),
    );
    const file = join(snapshot.folder, "preview.yaml");
    writeFileSync(file, withSalt(text, salt));
    return file;
}

/** Has the passphrase of the snapshot decrypt a stack's file. The CLI refuses one with errors. */
function withSalt(text: string, salt: string): string {
    const document = yaml.parseDocument(text);
    if (document.errors.length > 0) return text;
    if (!yaml.isMap(document.contents)) return yaml.stringify({ encryptionsalt: salt });
    for (const key of topKeys) if (key !== "config") document.delete(key);
    document.set("encryptionsalt", salt);
    return document.toString();
}

function textOf(stack: string): string {
    const file = `Pulumi.${stack}.yaml`;
    return existsSync(file) ? readFileSync(file, "utf8") : "";
}

function find(value: unknown, path: FileSecret["path"]): FileSecret[] {
    const { data: secret } = encrypted.safeParse(value);
    if (secret !== undefined) return [{ path, cipher: secret.secure }];
    if (Array.isArray(value))
        return value.flatMap((item: unknown, at) => find(item, [...path, at]));
    if (typeof value !== "object" || value === null) return [];
    return Object.entries(value).flatMap(([key, part]) => find(part, [...path, key]));
}
