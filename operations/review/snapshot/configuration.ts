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
/** A provider's key, such as `github:token`. */
const foreignKey = /^(?!mlops:).+:/;

/** A secret in a stack's file. */
export interface FileSecret {
    /** From the configuration's key on: `["mlops:env", "PASSWORD"]`. The file may leave out
     * `mlops:`, as the CLI does. */
    readonly path: readonly (string | number)[];
    /** Its encrypted text. */
    readonly cipher: string;
}

/** Returns the secrets in a stack's file; none if there is no file, or it cannot be read. */
export function secretsInFile(stack: string): FileSecret[] {
    return find(contentOf(textOf(stack))?.["config"], []);
}

/** Returns the name of a secret in the snapshot: its encrypted text may be too long for one. */
export function nameOf(cipher: string): string {
    return createHash("sha256").update(cipher).digest("hex");
}

/**
 * Writes the stack's file for a preview on its snapshot: with the marks in the place of the
 * secrets. A secret that the snapshot does not know has a mark of its own, so it counts as changed.
 * A provider's secrets are left out, such as `github:token`: a preview has its own in variables.
 *
 * @returns the file, for `--config-file`.
 */
export async function writeConfiguration(snapshot: SnapshotBackend): Promise<string> {
    const secrets = secretsInFile(snapshot.stack);
    const known = snapshot.read().marks;
    const names = secrets.map(({ cipher }) => nameOf(cipher)).filter((name) => !known.has(name));
    await snapshot.add(Object.fromEntries(names.map((name) => [name, markOf(name)])));
    const { salt, marks } = snapshot.read();
    const logins = secrets.filter(({ path: [key, ...inner] }) => {
        return inner.length === 0 && foreignKey.test(String(key));
    });
    const text = textOf(snapshot.stack);
    const document = yaml.parseDocument(text, { customTags: withoutNumbers });
    for (const { path } of logins) document.deleteIn(["config", ...path]);
    yaml.visit(document, {
        Scalar(_, node) {
            const mark = marks.get(nameOf(String(node.value)));
            if (mark !== undefined) node.value = mark;
        },
    });
    const file = join(snapshot.folder, "preview.yaml");
    // One with errors is left to the CLI, which says what is wrong.
    writeFileSync(file, document.errors.length > 0 ? text : withSalt(document, salt));
    return file;
}

/** Has YAML read numbers as text: the CLI then gets them as they are written, such as `010`. */
function withoutNumbers(tags: yaml.Tags): yaml.Tags {
    return tags.filter((tag) => typeof tag === "string" || !/:(int|float)$/.test(tag.tag));
}

/** Has the passphrase of the snapshot decrypt a stack's file. */
function withSalt(document: yaml.Document, salt: string): string {
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
